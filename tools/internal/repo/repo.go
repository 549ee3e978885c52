// Package repo finds the checkout the development tools work on and runs
// programs in it. Paths are absolute. Root fails when it is started outside of
// a checkout without OSIRIS_ROOT, which ./dev sets.
package repo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// ErrNoRoot means that no checkout was found.
var ErrNoRoot = errors.New("no go.mod above this folder: start tools by ./dev")

// Root is the top folder of the checkout.
func Root() (string, error) {
	if root := os.Getenv("OSIRIS_ROOT"); root != "" {
		return root, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the working folder: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "dev")); err == nil {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				return dir, nil
			}
		}
		if dir == filepath.Dir(dir) {
			return "", ErrNoRoot
		}
		dir = filepath.Dir(dir)
	}
}

// Command prepares a program that runs in root, is ended with the context, and
// writes all it says to out.
func Command(ctx context.Context, root string, out io.Writer, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = root
	cmd.Stdout, cmd.Stderr = out, out
	return cmd
}
