package script

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
	"github.com/osiriscare/osiris/appliance/internal/remote/winrm/kerberos"
	"github.com/osiriscare/osiris/shared/runbook"
)

// Credentials opens what targets name. It is asked for each use; nothing that it
// gives is kept here.
type Credentials interface {
	// WinRM opens a credential for a host, or host:port, as its target spells it;
	// credential.Allows says which. The version
	// changes when its secret does.
	WinRM(ctx context.Context, name, host string) (c winrm.Credential, version string, err error)
}

// Commands runs command lines on Windows hosts: winrm.Road does.
type Commands interface {
	Run(ctx context.Context, e winrm.Endpoint, c winrm.Credential, command winrm.Command) (winrm.Output, error)
}

// WinRM is the road to Windows hosts.
type WinRM struct {
	commands    Commands
	credentials Credentials
	guard       *guard
	line        string
}

// NewWinRM makes the road.
func NewWinRM(commands Commands, credentials Credentials, catalogue *runbook.Catalogue) (*WinRM, error) {
	line, err := catalogue.WindowsCommand()
	if err != nil {
		return nil, fmt.Errorf("making the road to Windows hosts: %w", err)
	}
	return &WinRM{commands: commands, credentials: credentials, guard: newGuard(), line: line}, nil
}

// Run implements Road.
func (w *WinRM) Run(ctx context.Context, t Target, d *runbook.Document, idempotent bool) (*runbook.Reply, error) {
	stdin, err := d.Windows()
	if err != nil {
		return nil, err
	}
	credential, version, err := w.credentials.WinRM(ctx, t.Credential, t.place())
	if err != nil {
		return nil, fmt.Errorf("opening credential %s: %w", t.Credential, err)
	}
	tickets := credential.Method == winrm.Kerberos
	if t.TicketOnly && !tickets {
		return nil, fmt.Errorf("using credential %s by %s: %w", t.Credential, credential.Method, ErrTicketOnly)
	}
	logon := w.guard.logon(login{name: t.Credential, version: version, host: t.ID, shared: shared(credential), tickets: tickets})
	if err := logon.held(); err != nil {
		return nil, fmt.Errorf("using credential %s: %w", t.Credential, err)
	}
	sent := time.Now()
	out, err := w.commands.Run(ctx, winrm.Endpoint{
		Host: t.Host, Port: t.Port, Name: t.Name, HTTP: t.HTTP, CAs: t.CAs, Pin: t.Pin,
		AllowBasic: t.AllowBasic, AllowPlain: t.AllowPlain,
	}, credential, winrm.Command{Line: w.line, Stdin: stdin, Idempotent: idempotent, Logon: logon.ask})
	received := time.Now()
	logon.ended(err)
	if err != nil {
		return nil, err
	}
	reply, err := readWindows(out)
	if err != nil {
		return nil, err
	}
	reply.Exchange = runbook.Exchange{Sent: sent, Received: received}
	return reply, nil
}

// shared tells whether an account is the same one on many hosts: one of a domain,
// whose lockout would reach further than this host.
func shared(c winrm.Credential) bool { return c.Realm != "" || ofDomain(c.User) }

// ofDomain tells whether a user is written with its domain.
func ofDomain(user string) bool {
	return strings.ContainsAny(user, `\@`) && !strings.HasPrefix(user, `.\`)
}

// standing is what came of a logon: that it was accepted, that it was refused, or
// nothing. Of a ticket only the KDC's refusal is about the password.
func (l login) standing(err error) verdictOnLogin {
	var fault *winrm.Fault
	switch {
	case err == nil, errors.As(err, &fault), errors.Is(err, winrm.ErrTooMuch), errors.Is(err, winrm.ErrQuota):
		// A fault comes after the logon, also the one that denies access: the
		// password was right.
		return accepted
	case errors.Is(err, winrm.ErrAuth) && l.tickets && !errors.Is(err, kerberos.ErrRefused):
		return declined
	case errors.Is(err, winrm.ErrAuth):
		return refused
	default:
		return nothing
	}
}

// readWindows finds the reply in what a command printed.
func readWindows(out winrm.Output) (*runbook.Reply, error) {
	reply, err := runbook.ReadReply(out.Stdout)
	if err == nil {
		return reply, nil
	}
	if said := sentence(out.Stderr); said != "" {
		return nil, fmt.Errorf("reading the reply: %w (exit code %d: %s)", err, out.ExitCode, said)
	}
	return nil, fmt.Errorf("reading the reply: %w (exit code %d)", err, out.ExitCode)
}

// maxSaid is how much of a host's complaint an error carries.
const maxSaid = 256

// sentence is the beginning of what a program complained about, fit for a log.
func sentence(text []byte) string {
	text = bytes.TrimSpace(text[:min(len(text), 8*maxSaid)])
	said := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(text), ""))
	if len(said) > maxSaid {
		said = strings.ToValidUTF8(said[:maxSaid], "")
	}
	return said
}
