package main

import (
	"context"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/osiriscare/osiris/agent/internal/probe"
	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/shared/check"
)

// system asks the running Windows through the agent's own calls.
type system struct{}

func open(context.Context) (*windows, error) {
	readers := probe.New("/")
	return &windows{
		registry: system{}, instances: system{}, library: wmiLibrary{}, names: ownNames,
		facts: func(ctx context.Context, id check.ID) check.Facts { return settled(ctx, readers, id) },
	}, nil
}

// searchLimit is how long a search for updates is waited for.
const searchLimit = 15 * time.Minute

// settled reads until the search for updates, which runs beside the readers, has
// an answer.
func settled(ctx context.Context, readers *probe.Probe, id check.ID) check.Facts {
	ctx, cancel := context.WithTimeout(ctx, searchLimit)
	defer cancel()
	for {
		facts := readers.Read(ctx, id)
		reason, failed := facts.Get("update" + check.ErrorSuffix)
		if !failed || codePattern.MatchString(reason) {
			return facts
		}
		select {
		case <-ctx.Done():
			return facts
		case <-time.After(5 * time.Second):
		}
	}
}

func (system) value(key, name string) (string, error) {
	v, err := winapi.RegRead(key, name)
	return v.Text, err
}

func (system) keys(key string) ([]string, error) { return winapi.RegKeys(key) }

func (system) query(ctx context.Context, q *query) ([]winapi.Row, error) {
	var options []winapi.Option
	if option, value, ok := strings.Cut(q.context, "="); ok {
		options = append(options, winapi.ProviderContext(option, value))
	}
	return winapi.Query(ctx, q.namespace, q.text(), q.properties, options...)
}

func (system) call(ctx context.Context, q *query, c *call, object string) (winapi.Row, error) {
	var params []winapi.Param
	if argument, value, there := strings.Cut(c.argument, "="); there {
		params = []winapi.Param{{Name: argument, Text: value}}
	}
	return winapi.Exec(ctx, q.namespace, object, c.method, params, []string{"ReturnValue", c.result})
}

// ownNames are what this machine and its people are called.
func ownNames() []name {
	var names []name
	if host, err := os.Hostname(); err == nil {
		names = append(names, name{"HOST", host})
	}
	names = append(names, name{"HOST", os.Getenv("COMPUTERNAME")}, name{"DOMAIN", os.Getenv("USERDNSDOMAIN")},
		name{"DOMAIN", os.Getenv("USERDOMAIN")}, name{"USER", os.Getenv("USERNAME")})
	// Before all others, so that the names of its hosts begin with the same word.
	if domain, err := winapi.RegRead(`HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters`, "Domain"); err == nil {
		names = append([]name{{"DOMAIN", domain.Text}}, names...)
	}
	if me, err := user.Current(); err == nil {
		_, account, _ := strings.Cut(me.Username, `\`)
		names = append(names, name{"USER", account}, name{"USER", me.Name})
	}
	// A profile's folder is called after its person.
	profiles, err := os.ReadDir(os.Getenv("SystemDrive") + `\Users`)
	if err != nil {
		return names
	}
	for _, p := range profiles {
		switch p.Name() {
		case "Public", "Default", "Default User", "All Users", "desktop.ini":
		default:
			names = append(names, name{"USER", p.Name()})
		}
	}
	return names
}
