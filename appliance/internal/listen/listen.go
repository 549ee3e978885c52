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

// Listener is a port that is bound at start.
type Listener struct {
	net.Listener
	name, address, dataDir string
	log                    *slog.Logger
}

// New names a port; Bind binds it.
func New(name, address, dataDir string, log *slog.Logger) *Listener {
	return &Listener{name: name, address: address, dataDir: dataDir, log: log}
}

// Bind binds the address and tells where it is bound.
func (l *Listener) Bind(ctx context.Context) error {
	bound, err := (&net.ListenConfig{}).Listen(ctx, "tcp", l.address)
	if err != nil {
		return fmt.Errorf("listening for %s on %s: %w", l.name, l.address, err)
	}
	l.Listener = bound
	addr := bound.Addr().String()
	if err := os.WriteFile(filepath.Join(l.dataDir, l.name+".addr"), []byte(addr+"\n"), 0o600); err != nil {
		return fmt.Errorf("writing %s.addr: %w", l.name, err)
	}
	l.log.InfoContext(ctx, "listening", "name", l.name, "addr", addr)
	return nil
}
