package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
	"github.com/osiriscare/osiris/agent/internal/config"
	"github.com/osiriscare/osiris/agent/internal/folder"
	"github.com/osiriscare/osiris/agent/internal/grpcwire"
	"github.com/osiriscare/osiris/agent/internal/identity"
	"github.com/osiriscare/osiris/agent/internal/lock"
	"github.com/osiriscare/osiris/agent/internal/prompt"
)

// tokenName is an enrolment token's file in the data folder or beside the
// program.
const tokenName = "token.conf"

// enrol is the verb enrol. On an enrolled machine it does nothing, unless it is
// to enrol again; then it stays what it is until the appliance has answered.
func enrol(ctx context.Context, o *options, stdout, stderr io.Writer) error {
	c, log, err := load(o, stderr)
	if err == nil {
		err = folder.Private(c.DataDir)
	}
	enrolled := err == nil && identity.IsEnrolled(c.DataDir)
	if enrolled && o.again { // before anybody is asked for a token
		var held io.Closer
		if held, err = lock.Take(filepath.Join(c.DataDir, "lock")); errors.Is(err, lock.ErrTaken) {
			return errors.New("the agent runs: stop its service first (systemctl stop osiris-agent, Stop-Service OsirisAgent or launchctl bootout system/care.osiris.agent)")
		} else if err == nil {
			err = held.Close()
		}
	}
	if err == nil && (o.again || !enrolled) {
		err = obtain(ctx, o, c, stdout)
	}
	if err != nil {
		return err
	}
	a, err := newApp(c, log, o.again && enrolled)
	if errors.Is(err, lock.ErrTaken) && !o.again {
		if enrolled {
			log.Info("enrolled already")
		} else {
			log.Info("the running agent enrols within a minute")
		}
		return nil
	}
	if err != nil {
		return err
	}
	if a.identity.Enrolled() {
		log.Info("enrolled already", "agent_id", a.identity.AgentID(), "site_id", a.identity.SiteID())
	} else {
		err = a.enrol(ctx)
	}
	return errors.Join(err, a.close())
}

func exists(path string) bool {
	_, err := atomicfile.Size(path)
	return err == nil
}

// tokenFile is where the enrolment token is: where configuration says, in the
// data folder, or beside the program. Empty means nowhere.
func tokenFile(c *config.Config) string {
	if c.TokenFile != "" {
		return c.TokenFile
	}
	path := filepath.Join(c.DataDir, tokenName)
	if exists(path) {
		return path
	}
	program, err := os.Executable()
	path = filepath.Join(filepath.Dir(program), tokenName)
	// What anybody can write there must not say whom to believe.
	if err == nil && folder.Trusted(path) {
		return path
	}
	return ""
}

const question = "Paste the enrolment token, the content of the file that osiris-appliance token new made. It is not shown.\n"

// obtain sees to it that there is a token: a file, or what a person pastes or
// another program pipes in. That goes into the data folder, so that an enrolment
// that is cut short goes on later. Nothing secret comes by arguments, which every
// user of a machine can read.
func obtain(ctx context.Context, o *options, c *config.Config, stdout io.Writer) error {
	if file := tokenFile(c); !o.stdin && file != "" {
		t, err := config.LoadToken(file)
		if err == nil { // nobody was asked whom to believe
			_, _ = io.WriteString(stdout, "The token is from "+file+", for "+t.ApplianceAddr+", site root "+t.SiteRoot+".\n")
		}
		return err
	}
	text, err := prompt.Text(ctx, os.Stdin, uintptr(syscall.Stdin), stdout, question, "token")
	if err != nil {
		return err
	}
	if text == "" {
		return errors.New("there is no enrolment token: put the file " + tokenName + " beside this program, where nobody else can write to it, or its content on standard input")
	}
	c.TokenFile = filepath.Join(c.DataDir, tokenName)
	if err := atomicfile.Write(c.TokenFile, []byte(text), 0o600); err != nil {
		return err
	}
	if _, err := config.LoadToken(c.TokenFile); err != nil {
		return errors.Join(err, os.Remove(c.TokenFile))
	}
	return nil
}

// enrol trades the token for an identity. One that we wrote ourselves goes then,
// or when the appliance refuses it: the next enrolment shall ask for another.
func (a *app) enrol(ctx context.Context) error {
	file, kept := tokenFile(a.config), filepath.Join(a.config.DataDir, tokenName)
	if file == "" {
		return errNotEnrolled
	}
	token, err := config.LoadToken(file)
	if err != nil {
		return err
	}
	pending, err := a.link.Enrol(ctx, token.Token.Reveal())
	if err != nil {
		if file == kept && grpcwire.Code(err) == grpcwire.PermissionDenied {
			err = errors.Join(err, atomicfile.Remove(kept))
		}
		return err
	}
	a.log.Info("enrolled", "agent_id", a.identity.AgentID(), "site_id", a.identity.SiteID(), "pending", pending)
	return atomicfile.Remove(kept)
}
