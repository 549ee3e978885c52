package listen_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/listen"
)

func TestTheBoundAddressIsWrittenDown(t *testing.T) {
	dir := t.TempDir()
	l := listen.New("agent", "127.0.0.1:0", dir, slog.New(slog.DiscardHandler))
	if err := l.Bind(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	written, err := os.ReadFile(filepath.Join(dir, "agent.addr"))
	if err != nil || strings.TrimSpace(string(written)) != l.Addr().String() || strings.HasSuffix(l.Addr().String(), ":0") {
		t.Errorf("agent.addr = %q, %v; want %s", written, err, l.Addr())
	}
	err = listen.New("sensor", l.Addr().String(), dir, slog.New(slog.DiscardHandler)).Bind(t.Context())
	if err == nil || !strings.Contains(err.Error(), "listening for sensor on "+l.Addr().String()) {
		t.Errorf("Bind of a busy port = %v; want what and where", err)
	}
}
