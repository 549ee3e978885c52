package action

import (
	"bytes"
	"context"
	"errors"
	"io/fs"

	"github.com/osiriscare/osiris/agent/internal/command"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/check"
)

// macFirewall is what the action needs of a Mac.
type macFirewall interface {
	// run gives what a command of the allow list wrote.
	run(ctx context.Context, c *command.Command) ([]byte, error)
	// profile is the error of looking at the profile that holds the firewall:
	// fs.ErrNotExist when there is none.
	profile() error
}

// macFirewallEnable turns the application firewall on. It blocks nothing that is
// signed, which is macOS's own default once it is on, and changes no rule. A
// snapshot is the number of the state: 0 off, 1 on, 2 on and blocking all.
func macFirewallEnable(m macFirewall) Action {
	return Action{
		Runbook: "darwin.firewall.enable", Check: check.MacFirewall, Tier: trustlite.Tier_TIER_SELF_HEAL,
		Plan: "Would turn the application firewall on.", Fix: &macFirewallFix{m},
	}
}

type macFirewallFix struct{ mac macFirewall }

func (f *macFirewallFix) Snapshot(ctx context.Context, _ *Host) ([]byte, error) {
	if !errors.Is(f.mac.profile(), fs.ErrNotExist) { // writing it would not last, if it were taken at all
		return nil, errors.New("a configuration profile holds the firewall; change the profile")
	}
	return macFirewallState(ctx, f.mac, &command.Firewall)
}

func (f *macFirewallFix) Apply(ctx context.Context, _ *Host) (string, error) {
	_, err := macFirewallState(ctx, f.mac, &command.FirewallOn)
	return "Turned the application firewall on.", err
}

// Revert never touches an on that blocks all: Apply leaves it as it is.
func (f *macFirewallFix) Revert(ctx context.Context, _ *Host, snapshot []byte) error {
	now, err := macFirewallState(ctx, f.mac, &command.Firewall)
	if err != nil || bytes.Equal(now, snapshot) || string(snapshot) != "0" {
		return err
	}
	_, err = macFirewallState(ctx, f.mac, &command.FirewallOff)
	return err
}

// macFirewallState runs a command and gives the state that it says the firewall
// is in now. A managed Mac refuses a change with exit status 0 and other words.
func macFirewallState(ctx context.Context, m macFirewall, c *command.Command) ([]byte, error) {
	answer, err := m.run(ctx, c)
	if err != nil {
		return nil, err
	}
	_, number, _ := bytes.Cut(answer, []byte("(State = "))
	number, _, _ = bytes.Cut(number, []byte(")"))
	if len(number) != 1 {
		return nil, errors.New("the firewall answers: " + string(bytes.TrimSpace(answer)))
	}
	return number, nil
}
