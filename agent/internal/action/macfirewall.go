package action

import (
	"context"
	"errors"
	"strings"

	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/check"
)

// macFirewall is what the action needs of a Mac.
type macFirewall interface {
	// state is what socketfilterfw says: a sentence that ends in "(State = N)".
	state(ctx context.Context) (string, error)
	// set gives the tool's answer; a refusal is one as well.
	set(ctx context.Context, on bool) (string, error)
	// managed tells whether a configuration profile holds the firewall.
	managed() (bool, error)
}

// macFirewallEnable turns the application firewall on. It blocks nothing that is
// signed, which is macOS's own default once it is on, and changes no rule.
func macFirewallEnable(m macFirewall) Action {
	return Action{
		Runbook: "darwin.firewall.enable", Check: check.MacFirewall, Tier: trustlite.Tier_TIER_SELF_HEAL,
		Plan:     func(Host) string { return "Would turn the application firewall on." },
		Snapshot: func(ctx context.Context, _ Host) ([]byte, error) { return snapshotMacFirewall(ctx, m) },
		Apply: func(ctx context.Context, _ Host) (string, error) {
			if err := switchMacFirewall(ctx, m, true); err != nil {
				return "", err
			}
			return "Turned the application firewall on.", nil
		},
		Revert: func(ctx context.Context, _ Host, snapshot []byte) error { return revertMacFirewall(ctx, m, snapshot) },
	}
}

// A snapshot is the number of the state: 0 off, 1 on, 2 on and blocking all.
const macFirewallOff = "0"

func snapshotMacFirewall(ctx context.Context, m macFirewall) ([]byte, error) {
	held, err := m.managed()
	if err != nil {
		return nil, err
	}
	if held { // writing it would not last, if it were taken at all
		return nil, errors.New("a configuration profile holds the firewall; change the profile")
	}
	number, err := macFirewallNumber(ctx, m)
	return []byte(number), err
}

func macFirewallNumber(ctx context.Context, m macFirewall) (string, error) {
	text, err := m.state(ctx)
	if err != nil {
		return "", err
	}
	_, after, _ := strings.Cut(text, "(State = ")
	number, _, ok := strings.Cut(after, ")")
	if !ok || len(number) != 1 {
		return "", errors.New("the firewall's state could not be understood")
	}
	return number, nil
}

func switchMacFirewall(ctx context.Context, m macFirewall, on bool) error {
	answer, err := m.set(ctx, on)
	if err != nil {
		return err
	}
	if strings.Contains(answer, "cannot be modified") { // with exit status 0
		return errors.New("macOS refused: this Mac is managed")
	}
	return nil
}

// revertMacFirewall turns it off again when it was off; an on that blocks all is
// never touched, because Apply leaves it as it is.
func revertMacFirewall(ctx context.Context, m macFirewall, snapshot []byte) error {
	if len(snapshot) != 1 {
		return errors.New("the snapshot is incomplete")
	}
	number, err := macFirewallNumber(ctx, m)
	if err != nil {
		return err
	}
	if string(snapshot) != macFirewallOff || number == macFirewallOff {
		return nil
	}
	return switchMacFirewall(ctx, m, false)
}
