//go:build wine

package wine_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/osiriscare/osiris/e2e/wine"
)

// patience bounds every wait, far above what a machine under load needs.
const patience = 5 * time.Minute

// TestMain lets three tests run at a time on small machines too: each waits for
// most of its time, for trials of updates above all.
func TestMain(m *testing.M) {
	flag.Parse()
	if runtime.GOMAXPROCS(0) < 3 {
		if err := flag.Set("test.parallel", "3"); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	os.Exit(m.Run())
}

// checkout is the folder of go.mod.
var checkout = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("finding go.mod: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
})

func root(t *testing.T) string {
	t.Helper()
	dir, err := checkout()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// open gives a Windows of its own to one test.
func open(t *testing.T) *wine.Prefix {
	t.Helper()
	if !wine.Installed() {
		if os.Getenv("CI") != "" {
			t.Fatal(wine.ErrMissing)
		}
		t.Skipf("WINE IS MISSING: %v; ./dev test as root on Debian installs it", wine.ErrMissing)
	}
	// The context of a test ends before its clean-up.
	p, err := wine.Open(context.WithoutCancel(t.Context()), root(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := p.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return p
}

// given is a program to try instead of one that is built here.
var given = flag.String("agent", "", "osiris-agent.exe to try, such as dist/release/osiris-agent_windows_amd64.exe of ./dev build; by default one is built with its flags")

// buildAgent builds for Windows with the flags of //:release (agent_binary in
// tools/bazel/binary.bzl, and .bazelrc).
func buildAgent(ctx context.Context, root, target, pkg, stamps string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-trimpath", "-tags=osiris_agent",
		"-ldflags=-s -w -funcalign=1 "+stamps, "-gcflags=all=-l", "-o", target, pkg)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s for Windows: %w\n%s", pkg, err, out)
	}
	return nil
}

// agent is osiris-agent.exe, built once as it ships.
var agent = sync.OnceValues(func() (string, error) {
	if *given != "" {
		return filepath.Abs(*given)
	}
	root, err := checkout()
	if err != nil {
		return "", err
	}
	target := filepath.Join(root, ".cache", "bin", "osiris-agent.exe")
	return target, buildAgent(context.Background(), root, target, "./agent/cmd/osiris-agent", "")
})

func agentExe(t *testing.T) string {
	t.Helper()
	path, err := agent()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}
