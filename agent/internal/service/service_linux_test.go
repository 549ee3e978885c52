package service

import (
	"errors"
	"path/filepath"
	"testing"
)

func TestAnInstallationBeginsBySayingThatSystemdDoesNotRun(t *testing.T) {
	was := running
	t.Cleanup(func() { running = was })
	running = filepath.Join(t.TempDir(), "none")
	if err := Stop(t.Context()); !errors.Is(err, ErrNoSystemd) {
		t.Errorf("Stop = %v; want %v", err, ErrNoSystemd)
	}
}
