package probe

import (
	"bytes"
	"context"
	"errors"
	"os"

	"github.com/osiriscare/osiris/shared/check"
)

func (p *Probe) readFirewall(context.Context) (check.Facts, error) {
	var facts check.Facts
	content, err := p.readFile("etc/ufw/ufw.conf")
	switch {
	case errors.Is(err, os.ErrNotExist):
		facts.Add(check.FactFirewallManager, "none")
	case err != nil:
		return nil, err
	default:
		facts.Add(check.FactFirewallManager, "ufw")
		state, err := parseUFW(bytes.NewReader(content))
		if err != nil {
			return nil, err
		}
		if state != "" {
			facts.Add(check.FactFirewallState, state)
		}
	}
	if p.live() {
		input, err := kernelInput()
		if err != nil {
			return facts, nil //nolint:nilerr // without rights the judge has the files only, and says so
		}
		facts.Add(check.FactFirewallInput, input)
	}
	return facts, nil
}
