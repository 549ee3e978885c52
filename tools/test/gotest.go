package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/osiriscare/osiris/e2e/binary"
	"github.com/osiriscare/osiris/tools/internal/repo"
)

// unit runs every package's tests, with the race detector where it can be
// linked.
func (s *suite) unit(ctx context.Context, out io.Writer) error {
	args := []string{"-timeout=15m"}
	if hasCompiler(ctx) {
		args = append(args, "-race")
	} else {
		fmt.Fprintln(out, "no C compiler: the race detector is off")
		if s.ci {
			return errors.New("CI needs a C compiler for the race detector")
		}
	}
	if tags := binary.AgentTags("/"); tags != "" {
		fmt.Fprintln(out, "skipped: the agent's storage on the system's SQLite (libsqlite3-0 is not installed); its tests run on the agent's own")
		if s.ci {
			return errors.New("CI needs the system's SQLite")
		}
		args = append(args, "-tags="+tags)
	}
	packages := s.packages
	if s.byBazel {
		var err error
		if packages, err = uncovered(ctx, s.root); err != nil {
			return err
		}
		fmt.Fprintln(out, "left to go test:", strings.Join(packages, " "))
	}
	if len(packages) == 0 {
		packages = []string{"./..."}
	}
	return s.goTest(ctx, out, nil, append(args, packages...)...)
}

// modernc repeats the tests of what lies on SQLite with the build for a Linux
// that has no SQLite of its own.
func (s *suite) modernc(ctx context.Context, out io.Writer) error {
	return s.goTest(ctx, out, nil, "-timeout=10m", "-tags=osiris_modernc",
		"./agent/internal/sqlos/...", "./agent/internal/queue/...")
}

// native repeats the tests of what calls the system's libraries without cgo, as
// the agent is released; with it those calls take another road.
func (s *suite) native(ctx context.Context, out io.Writer) error {
	return s.goTest(ctx, out, []string{"CGO_ENABLED=0"}, "-timeout=10m",
		"./agent/internal/native/...", "./agent/internal/sqlos/...", "./agent/internal/dial/...", "./agent/internal/queue/...")
}

// integration starts real binaries and counterparts. Its packages run one after
// another, because they share two cores with what they started.
func (s *suite) integration(ctx context.Context, out io.Writer) error {
	packages, err := tagged(ctx, s.root, "integration")
	if err != nil {
		return err
	}
	// The tests of e2e alone take 20 minutes on two cores.
	args := append([]string{"-timeout=50m", "-tags=integration", "-p=1"}, packages...)
	return s.goTest(ctx, out, nil, args...)
}

// wine runs the agent's tests for Windows, and the agent, under Wine.
func (s *suite) wine(ctx context.Context, out io.Writer) error {
	return s.goTest(ctx, out, nil, "-timeout=30m", "-tags=wine", "-p=1", "./e2e/wine/...")
}

func (s *suite) size(ctx context.Context, out io.Writer) error {
	return repo.Command(ctx, s.root, out, "go", "run", "-buildvcs=false", "./tools/size").Run()
}

// hasCompiler tells whether cgo, and with it the race detector, can be built.
func hasCompiler(ctx context.Context) bool {
	answer, err := exec.CommandContext(ctx, "go", "env", "CGO_ENABLED", "CC").Output()
	if err != nil {
		return false
	}
	enabled, compiler, _ := strings.Cut(strings.TrimSpace(string(answer)), "\n")
	fields := strings.Fields(compiler)
	if enabled != "1" || len(fields) == 0 {
		return false
	}
	_, err = exec.LookPath(fields[0])
	return err == nil
}

// goTest runs go test and reports only what a reader needs: packages, and the
// output of tests that failed or were skipped.
func (s *suite) goTest(ctx context.Context, out io.Writer, env []string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, args...)...)
	cmd.Dir, cmd.Stderr = s.root, out
	cmd.Env = append(append(os.Environ(), "OSIRIS_ROOT="+s.root), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	events, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting go test: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting go test: %w", err)
	}
	sum, err := follow(events, out)
	// The exit code says it again when a test failed; a build that failed is
	// said by nothing else.
	return errors.Join(err, cmd.Wait(), sum.judge(out, s.ci))
}
