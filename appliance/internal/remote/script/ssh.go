package script

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote/ssh"
	"github.com/osiriscare/osiris/shared/runbook"
)

// shellLine runs documents on Linux; it is all that a command line ever holds.
const shellLine = "sh -s"

// ShellCredentials opens what Linux targets name, for each use.
type ShellCredentials interface {
	SSH(ctx context.Context, name, place string) (c ssh.Credential, version string, err error)
}

// ShellCommands runs command lines on Linux hosts: ssh.Road does.
type ShellCommands interface {
	Run(ctx context.Context, e ssh.Endpoint, c ssh.Credential, command ssh.Command) (ssh.Output, error)
}

// SSH is the road to Linux hosts.
type SSH struct {
	commands    ShellCommands
	credentials ShellCredentials
	guard       *guard
}

// NewSSH makes the road.
func NewSSH(commands ShellCommands, credentials ShellCredentials) *SSH {
	return &SSH{commands: commands, credentials: credentials, guard: newGuard()}
}

// Run implements Road. An account of Linux is taken to be the host's own, so that a
// refusal rests on that host only, unless it has a password and its user is written
// with a domain: its lockout would reach every host.
func (s *SSH) Run(ctx context.Context, t Target, d *runbook.Document, idempotent bool) (*runbook.Reply, error) {
	stdin, err := d.Shell()
	if err != nil {
		return nil, err
	}
	c, version, err := s.credentials.SSH(ctx, t.Credential, t.place())
	if err != nil {
		return nil, fmt.Errorf("opening credential %s: %w", t.Credential, err)
	}
	done, err := s.guard.use(ctx, login{
		name: t.Credential, version: version, host: t.ID, shared: c.Password != "" && ofDomain(c.User),
	})
	if err != nil {
		return nil, fmt.Errorf("using credential %s: %w", t.Credential, err)
	}
	sent := time.Now()
	out, err := s.commands.Run(ctx, ssh.Endpoint{Host: t.Host, Port: t.Port, Pin: t.Pin}, c,
		ssh.Command{Line: shellLine, Stdin: stdin, Idempotent: idempotent})
	received := time.Now()
	switch {
	case errors.Is(err, ssh.ErrAuth), errors.Is(err, ssh.ErrSudo):
		done(refused)
	case err == nil:
		done(accepted)
	default:
		done(nothing)
	}
	if err != nil {
		return nil, err
	}
	reply, err := runbook.ReadShellReply(out.Stdout)
	if err != nil {
		return nil, fmt.Errorf("reading the reply: %w (exit code %d: %s)", err, out.ExitCode, sentence(out.Stderr))
	}
	reply.Exchange = runbook.Exchange{Sent: sent, Received: received}
	return reply, nil
}
