package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// nowhere is the output of a process that has none.
type nowhere struct{}

func (nowhere) Write([]byte) (int, error) { return 0, errors.New("the handle is invalid") }

func TestAGoodConfigurationIsGoodWithoutAnOutput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.conf")
	if err := os.WriteFile(path, []byte("data_dir = "+t.TempDir()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := run(t.Context(), []string{"validate", "--config", path}, nowhere{}, nowhere{}); code != 0 {
		t.Errorf("validate without an output exits with %d; want 0", code)
	}
}
