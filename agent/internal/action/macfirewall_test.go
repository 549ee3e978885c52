package action

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/command"
)

// fakeFilter is a Mac's firewall: it has a state, and refuses changes when the
// Mac is managed.
type fakeFilter struct {
	number  string
	held    error // what looking at the profile gives
	refuses bool
	changes int
	fails   error // of the next call
}

func (f *fakeFilter) run(_ context.Context, c *command.Command) ([]byte, error) {
	change := c != &command.Firewall
	if change && f.refuses {
		return []byte("Firewall settings cannot be modified from command line on managed Mac computers.\n"), f.fails
	}
	if change {
		f.changes++
	}
	switch {
	case c == &command.FirewallOff:
		f.number = "0"
	case c == &command.FirewallOn && f.number == "0":
		f.number = "1"
	}
	words := map[string]string{
		"0": "Firewall is disabled. (State = 0)\n", "1": "Firewall is enabled. (State = 1)\n",
		"2": "Firewall is blocking all non-essential incoming connections. (State = 2)\n",
	}
	return []byte(words[f.number]), f.fails
}

func (f *fakeFilter) profile() error { return f.held }

func TestTheFirewallOfAMacIsTurnedOnAndBack(t *testing.T) {
	for before, after := range map[string]string{"0": "1", "1": "1", "2": "2"} {
		f := &fakeFilter{number: before, held: &os.PathError{Op: "stat", Err: fs.ErrNotExist}}
		a := macFirewallEnable(f)
		ctx := t.Context()
		snapshot, err := a.Fix.Snapshot(ctx, &Host{})
		if err != nil || string(snapshot) != before || f.changes != 0 {
			t.Errorf("Snapshot = %q, %v after %d changes; want %q", snapshot, err, f.changes, before)
		}
		if detail, err := a.Fix.Apply(ctx, &Host{}); err != nil || detail == "" || f.number != after {
			t.Errorf("Apply = %q, %v and state %s; want %s", detail, err, f.number, after)
		}
		for range 2 { // repeating it is harmless
			if err := a.Fix.Revert(ctx, &Host{}, snapshot); err != nil || f.number != before {
				t.Errorf("Revert = %v and state %s; want %s", err, f.number, before)
			}
		}
	}
}

func TestAFirewallThatAProfileHoldsIsLeftAlone(t *testing.T) {
	for name, held := range map[string]error{"a profile": nil, "a profile that cannot be looked at": fs.ErrPermission} {
		f := &fakeFilter{number: "0", held: held}
		if _, err := macFirewallEnable(f).Fix.Snapshot(t.Context(), &Host{}); err == nil || !strings.Contains(err.Error(), "profile") {
			t.Errorf("%s: Snapshot = %v; want it named", name, err)
		}
	}
	f := &fakeFilter{number: "0", refuses: true}
	a := macFirewallEnable(f)
	if _, err := a.Fix.Apply(t.Context(), &Host{}); err == nil || !strings.Contains(err.Error(), "managed") {
		t.Errorf("Apply = %v; want the refusal, whatever the exit status", err)
	}
	if err := a.Fix.Revert(t.Context(), &Host{}, []byte("0")); err != nil {
		t.Errorf("Revert of what was never changed = %v", err)
	}
	f.number = "1"
	if err := a.Fix.Revert(t.Context(), &Host{}, []byte("0")); err == nil {
		t.Error("Revert that is refused says nothing")
	}
}

func TestWhatCannotBeReadIsNotChanged(t *testing.T) {
	f := &fakeFilter{number: "?", held: fs.ErrNotExist}
	a := macFirewallEnable(f)
	if snapshot, err := a.Fix.Snapshot(t.Context(), &Host{}); err == nil {
		t.Errorf("Snapshot of an unknown state = %q, nil", snapshot)
	}
	f.fails = errors.New("no such program")
	for name, err := range map[string]error{
		"Snapshot": func() error { _, err := a.Fix.Snapshot(t.Context(), &Host{}); return err }(),
		"Apply":    func() error { _, err := a.Fix.Apply(t.Context(), &Host{}); return err }(),
		"Revert":   a.Fix.Revert(t.Context(), &Host{}, []byte("0")),
	} {
		if err == nil {
			t.Errorf("%s without the program is no error", name)
		}
	}
	f.fails, f.number = nil, "1"
	if err := a.Fix.Revert(t.Context(), &Host{}, nil); err != nil || f.number != "1" {
		t.Errorf("Revert without a snapshot = %v and state %s", err, f.number)
	}
}
