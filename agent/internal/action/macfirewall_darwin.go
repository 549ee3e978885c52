package action

import (
	"context"
	"errors"
	"os"

	"github.com/osiriscare/osiris/agent/internal/command"
)

// own are the actions that only this system has.
func own() []Action { return []Action{macFirewallEnable(socketFilter{})} }

// socketFilter is the running Mac's application firewall.
type socketFilter struct{}

func (socketFilter) state(ctx context.Context) (string, error) {
	out, err := command.Run(ctx, &command.Firewall)
	return string(out), err
}

func (socketFilter) set(ctx context.Context, on bool) (string, error) {
	c := &command.FirewallOff
	if on {
		c = &command.FirewallOn
	}
	out, err := command.Run(ctx, c)
	return string(out), err
}

func (socketFilter) managed() (bool, error) {
	_, err := os.Stat("/Library/Managed Preferences/com.apple.security.firewall.plist")
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
