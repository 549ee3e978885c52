// Package binary builds the product's binaries for the machine it runs on, under
// .cache/bin of the checkout. A binary is named as its folder in
// <component>/cmd.
package binary

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Names lists the binaries that exist, sorted.
func Names(root string) ([]string, error) {
	folders, err := filepath.Glob(filepath.Join(root, "*", "cmd", "*", "main.go"))
	if err != nil {
		return nil, fmt.Errorf("listing binaries: %w", err)
	}
	var names []string
	for _, f := range folders {
		names = append(names, filepath.Base(filepath.Dir(f)))
	}
	slices.Sort(names)
	return names, nil
}

// Build builds one binary and gives its path. On failure the error carries
// what the compiler said.
func Build(ctx context.Context, root, name string) (string, error) {
	found, err := filepath.Glob(filepath.Join(root, "*", "cmd", name, "main.go"))
	if err != nil || len(found) != 1 {
		names, listErr := Names(root)
		if listErr != nil {
			return "", listErr
		}
		return "", fmt.Errorf("there is no binary %q, there are: %s", name, strings.Join(names, " "))
	}
	target := filepath.Join(root, ".cache", "bin", name)
	args := []string{"build", "-buildvcs=false", "-o", target}
	env := os.Environ()
	if name == "osiris-agent" {
		// The agent ships without cgo, so it is tried without.
		env = append(env, "CGO_ENABLED=0")
		if tags := AgentTags("/"); tags != "" {
			args = append(args, "-tags", tags)
		}
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", append(args, filepath.Dir(found[0]))...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = root, env, &said, &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", name, err, strings.TrimSpace(said.String()))
	}
	return target, nil
}

// loaders are where glibc's program loader lies: a binary that calls the
// system's SQLite without cgo names it, so on musl there must be none.
var loaders = []string{"lib64/ld-linux-x86-64.so.2", "lib/ld-linux-aarch64.so.1"}

// libraries is where Linux distributions keep shared libraries.
var libraries = []string{"lib", "lib64", "lib/*-linux-gnu", "usr/lib", "usr/lib64", "usr/lib/*-linux-gnu", "usr/local/lib"}

// AgentTags says how the agent is built for a machine whose file system starts
// at base: with the system's SQLite as it ships, or, where a Linux has none,
// with one of its own.
func AgentTags(base string) string {
	if runtime.GOOS != "linux" {
		return ""
	}
	loader := slices.ContainsFunc(loaders, func(p string) bool {
		_, err := os.Stat(filepath.Join(base, p))
		return err == nil
	})
	library := slices.ContainsFunc(libraries, func(p string) bool {
		found, err := filepath.Glob(filepath.Join(base, p, "libsqlite3.so.0"))
		return err == nil && len(found) > 0
	})
	if loader && library {
		return ""
	}
	return "osiris_modernc"
}
