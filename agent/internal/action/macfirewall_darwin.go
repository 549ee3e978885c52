package action

import (
	"context"
	"os"

	"github.com/osiriscare/osiris/agent/internal/command"
)

// own are the actions of this system.
func own() []Action { return []Action{macFirewallEnable(socketFilter{})} }

// system is no Windows.
var system windows

// socketFilter is the running Mac's application firewall.
type socketFilter struct{}

func (socketFilter) run(ctx context.Context, c *command.Command) ([]byte, error) {
	return command.Run(ctx, c)
}

func (socketFilter) profile() error {
	_, err := os.Stat("/Library/Managed Preferences/com.apple.security.firewall.plist")
	return err
}
