//go:build wine

package wine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const serviceKey = `HKLM\SYSTEM\CurrentControlSet\Services\OsirisAgent`

// state is what Windows says of the service, such as RUNNING.
func (s *site) state(ctx context.Context) string {
	out, _ := s.Run(ctx, "sc.exe", "query", "OsirisAgent")
	for line := range strings.Lines(out) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "STATE" {
			return strings.Join(strings.Fields(value)[1:], " ")
		}
	}
	return "none"
}

func (s *site) wants(state string) {
	s.t.Helper()
	s.until("the service is "+state, func(ctx context.Context) error {
		if got := s.state(ctx); got != state {
			return fmt.Errorf("it is %s", got)
		}
		return nil
	})
}

// session waits until the appliance has opened one more.
func (s *site) session(before int) {
	s.t.Helper()
	s.until("the service has a session", func(context.Context) error {
		if s.count("appliance: session opened") <= before {
			return errors.New("it has none")
		}
		return nil
	})
}

// TestTheServiceIsInstalledStartedStoppedAndRemoved installs the agent from a
// folder with a token beside it, as a technician does.
func TestTheServiceIsInstalledStartedStoppedAndRemoved(t *testing.T) {
	s := startSite(t)
	folder := filepath.Join(s.Drive(), "download")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{s.token(): "token.conf", agentExe(t): "osiris-agent.exe"} {
		content, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, to), content, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	const exe = `C:\download\osiris-agent.exe`
	s.must("installing", func(ctx context.Context) error {
		out, err := s.Run(ctx, exe, "install")
		t.Logf("install says:\n%s", out)
		return err
	})
	s.wants("RUNNING")
	s.session(0)
	if s.count("appliance: agent enrolled") != 1 {
		t.Errorf("the appliance enrolled %d agents; want 1", s.count("appliance: agent enrolled"))
	}
	installed := filepath.Join(s.Drive(), "Program Files", "Osiris", "osiris-agent.exe")
	if _, err := os.Stat(installed); err != nil {
		t.Error(err)
	}
	out, err := s.Run(bounded(t), "reg.exe", "query", serviceKey)
	if want := `"C:\Program Files\Osiris\osiris-agent.exe" "service" "--config" "C:\ProgramData\Osiris\agent.conf"`; err != nil || !strings.Contains(out, want) {
		t.Errorf("the service's key, %v, lacks %s:\n%s", err, want, out)
	}
	events := `HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\OsirisAgent`
	if out, err := s.Run(bounded(t), "reg.exe", "query", events); err != nil || !strings.Contains(out, "EventCreate.exe") {
		t.Errorf("the event source's key, %v:\n%s", err, out)
	}

	t.Log("stopped and started as by services.msc")
	closed := s.count("appliance: session closed")
	s.must("stopping", func(ctx context.Context) error {
		_, err := s.Run(ctx, "sc.exe", "stop", "OsirisAgent")
		return err
	})
	s.wants("STOPPED")
	s.until("the session is closed", func(context.Context) error {
		if s.count("appliance: session closed") == closed {
			return errors.New("it is open")
		}
		return nil
	})
	before := s.count("appliance: session opened")
	s.must("starting", func(ctx context.Context) error {
		_, err := s.Run(ctx, "sc.exe", "start", "OsirisAgent")
		return err
	})
	s.session(before)

	t.Log("installed again while it runs, as an update by hand; the identity stays")
	before = s.count("appliance: session opened")
	s.must("installing again", func(ctx context.Context) error {
		_, err := s.Run(ctx, exe, "install")
		return err
	})
	s.wants("RUNNING")
	s.session(before)
	if n := s.count("appliance: agent enrolled"); n != 1 {
		t.Errorf("the appliance enrolled %d agents; want 1", n)
	}

	t.Log("from a shell the verb service says that it is none")
	if out, err := s.Run(bounded(t), exe, "service", "--config", `C:\ProgramData\Osiris\agent.conf`); err == nil || !strings.Contains(out, "StartServiceCtrlDispatcher") {
		t.Errorf("service from a shell = %v: %s", err, out)
	}

	t.Log("removed; the data stays")
	s.must("removing", func(ctx context.Context) error {
		_, err := s.Run(ctx, exe, "uninstall")
		return err
	})
	s.wants("none")
	for _, key := range []string{serviceKey, events} {
		if out, err := s.Run(bounded(t), "reg.exe", "query", key); err == nil {
			t.Errorf("%s is still there:\n%s", key, out)
		}
	}
	if _, err := os.Stat(installed); !os.IsNotExist(err) {
		t.Errorf("the program is still there: %v", err)
	}
	if _, err := os.Stat(filepath.Join(s.data(), "queue.db")); err != nil {
		t.Error(err)
	}
	s.must("removing what is not there", func(ctx context.Context) error {
		_, err := s.Run(ctx, exe, "uninstall")
		return err
	})
}
