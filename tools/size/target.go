package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/osiriscare/osiris/tools/internal/repo"
)

// limit is the most that any agent may weigh: under 5,000,000 bytes is the
// customer's own condition (D19).
const limit = 4_999_999

// target is one platform and what its agent may weigh.
type target struct {
	goos, goarch string
	limit        int64
	why          string
}

// targets lists every platform. Those with a figure of their own are ratchets
// (D20): the figure only goes down, or up in a commit that says what was bought
// for it.
var targets = []target{
	{"windows", "amd64", 4_990_000, "ratchet: 4,980,224 on 2026-11-22, with what two reviews found"},
	{"windows", "arm64", limit, "the limit of D19"},
	{"darwin", "arm64", limit, "the limit of D19"},
	{"darwin", "amd64", 4_940_000, "ratchet: 4,919,296 on 2026-11-22"},
	{"linux", "amd64", 4_850_000, "ratchet: 4,837,641 on 2026-11-22"},
	{"linux", "arm64", 4_670_000, "ratchet: 4,653,321 on 2026-11-22, the whole agent"},
}

// longNames is what a plain go build weighs more: its line tables name functions
// by import paths, those of Bazel's by short ones (agent/BUILD.bazel). Measured
// at 36 KB on windows/amd64 on 2026-11-22; the release is judged without it.
const longNames = 40_000

// agent is one agent as built.
type agent struct {
	GOOS   string `json:"goos"`
	GOARCH string `json:"goarch"`
	Bytes  int64  `json:"bytes"`
	Path   string `json:"path"`

	// Packages and NotAttributed are every byte of the file; absent for a file that
	// was given, whose twin with names is not there.
	Packages      []share `json:"packages,omitempty"`
	NotAttributed []rest  `json:"not_attributed,omitempty"`
}

// flags are how the agent ships; agent/README.md says what each one saves.
var flags = []string{"-trimpath", "-gcflags=all=-l", "-tags=osiris_agent"}

// compile builds the agent for one target, and its twin with the linker's names:
// what ships has none. Both have one layout, so that the twin tells whose each byte
// of the other is.
func compile(ctx context.Context, root string, t target) (agent, error) {
	path := output(root, t)
	twin := filepath.Join(root, ".cache", "size", t.goos+"_"+t.goarch)
	if err := build(ctx, root, t, path, linkerFlags); err != nil {
		return agent{}, err
	}
	if err := build(ctx, root, t, twin, strings.TrimPrefix(linkerFlags, "-s ")); err != nil {
		return agent{}, err
	}
	stripped, err := readImage(path)
	if err != nil {
		return agent{}, err
	}
	named, err := readImage(twin)
	if err != nil {
		return agent{}, err
	}
	built := agent{GOOS: t.goos, GOARCH: t.goarch, Bytes: int64(len(stripped.data)), Path: path}
	if built.Packages, built.NotAttributed, err = divide(stripped, named); err != nil {
		return agent{}, fmt.Errorf("dividing the agent for %s: %w", t, err)
	}
	return built, nil
}

func (t target) String() string { return t.goos + "/" + t.goarch }

// build builds the agent into a file.
func build(ctx context.Context, root string, t target, path, linker string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making the output folder: %w", err)
	}
	args := append([]string{"build", "-buildvcs=false", "-ldflags=" + linker, "-o", path}, flags...)
	var said bytes.Buffer
	cmd := repo.Command(ctx, root, &said, "go", append(args, "./agent/cmd/osiris-agent")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOOS="+t.goos, "GOARCH="+t.goarch)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building for %s: %w\n%s", t, err, strings.TrimSpace(said.String()))
	}
	return nil
}

// linkerFlags stamps a version of fixed length, so that a size does not depend
// on the commit it was measured at.
const linkerFlags = "-s -w -funcalign=1 -X main.version=0.0.0-size -X main.commit=000000000000 -X main.built=1767225600"
