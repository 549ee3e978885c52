package script_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/remote/ssh"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// shell answers on the other side of SSH.
type shell struct {
	out   ssh.Output
	err   error
	calls int
	last  ssh.Command
	at    ssh.Endpoint
}

func (s *shell) Run(_ context.Context, e ssh.Endpoint, _ ssh.Credential, c ssh.Command) (ssh.Output, error) {
	s.calls++
	s.last, s.at = c, e
	return s.out, s.err
}

func (*shell) SSH(_ context.Context, name, host string) (ssh.Credential, string, error) {
	if name != "linux" || host != "srv9:2222" {
		return ssh.Credential{}, "", errors.New("there is no such credential")
	}
	return ssh.Credential{User: "osiris", Password: "hunter2"}, "1", nil
}

func TestALinuxHostIsAskedOverSSH(t *testing.T) {
	checks := catalogue(t).Texts().Checks("linux")
	if len(checks) == 0 {
		t.Fatal("the catalogue asks Linux hosts nothing")
	}
	d, err := catalogue(t).Scan("linux", checks[0])
	if err != nil {
		t.Fatal(err)
	}
	good, err := (&runbook.Reply{Parts: []runbook.Outcome{{Name: string(checks[0]), OK: true, Facts: check.Facts{{Name: "x", Value: "1"}}}}}).Shell()
	if err != nil {
		t.Fatal(err)
	}
	target := script.Target{ID: "t_9", Kind: script.Linux, Host: "srv9", Port: 2222, Credential: "linux", Pin: [32]byte{1}}
	for name, c := range map[string]struct {
		out   ssh.Output
		err   error
		want  string // in the error; "" for none
		again int    // calls when it is asked twice
	}{
		"a reply":                  {ssh.Output{Stdout: good}, nil, "", 2},
		"a reply that is cut":      {ssh.Output{Stdout: good[:len(good)/2], Stderr: []byte("sh: \x1b[1mout of memory"), ExitCode: 2}, nil, "exit code 2: sh: [1mout of memory", 2},
		"a refused credential":     {ssh.Output{}, ssh.ErrAuth, "credential refused", 1},
		"sudo that refuses":        {ssh.Output{}, ssh.ErrSudo, "sudo refused", 1},
		"a host that is not there": {ssh.Output{}, ssh.ErrUnreachable, "unreachable", 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := &shell{out: c.out, err: c.err}
			road := script.Roads{"linux": script.NewSSH(s, s)}
			reply, err := road.Run(t.Context(), target, d, true)
			if c.want == "" && (err != nil || len(reply.Parts) != 1 || !reply.Parts[0].OK) {
				t.Errorf("Run = %+v, %v", reply, err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("Run = %v; want it to say %q", err, c.want)
			}
			if s.last.Line != "sh -s" || !s.last.Idempotent || s.at.Port != 2222 || s.at.Pin != target.Pin || len(s.last.Stdin) == 0 {
				t.Errorf("it ran %q at %+v", s.last.Line, s.at)
			}
			if _, err := road.Run(t.Context(), target, d, true); c.again == 1 && !errors.Is(err, script.ErrHeld) || s.calls != c.again {
				t.Errorf("again = %v after %d calls; want %d calls", err, s.calls, c.again)
			}
		})
	}
	if _, err := (script.Roads{}).Run(t.Context(), target, d, true); !errors.Is(err, script.ErrNoRoad) {
		t.Errorf("without a road = %v; want ErrNoRoad", err)
	}
	target.Kind = script.Windows
	if _, err := (script.Roads{"linux": script.NewSSH(&shell{}, &shell{})}).Run(t.Context(), target, d, true); !errors.Is(err, script.ErrNoRoad) {
		t.Errorf("a Linux document for Windows = %v; want ErrNoRoad", err)
	}
}
