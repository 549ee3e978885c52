// Package listen binds the appliance's ports. An address may ask for port 0;
// the bound address is logged and written to <name>.addr in the data folder, so
// that tools and people find it.
package listen

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
)

// TCP binds address and tells where it is bound.
func TCP(ctx context.Context, name, address, dataDir string, log *slog.Logger) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening for %s on %s: %w", name, address, err)
	}
	bound := l.Addr().String()
	if err := os.WriteFile(filepath.Join(dataDir, name+".addr"), []byte(bound+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("writing %s.addr: %w", name, err)
	}
	log.InfoContext(ctx, "listening", "name", name, "addr", bound)
	return l, nil
}
