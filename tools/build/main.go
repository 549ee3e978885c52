// Command build builds everything with Bazel and copies the release, programs
// and their SHA-256 sums, to dist/release.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/osiriscare/osiris/tools/internal/bazel"
	"github.com/osiriscare/osiris/tools/internal/release"
	"github.com/osiriscare/osiris/tools/internal/repo"
)

func main() {
	if bazel.Inside() {
		return
	}
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), "Usage: ./dev build\n\nRuns `bazel build //...` and copies //:release to dist/release. docs/building.md explains it.\n")
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	var exit bazel.Exit
	if errors.As(err, &exit) {
		os.Exit(exit.Code) // Bazel has said why
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	root, err := repo.Root()
	if err != nil {
		return err
	}
	dirs, err := bazel.DefaultDirs()
	if err != nil {
		return err
	}
	b, err := bazel.Find(ctx, root, dirs, os.Stderr)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "build:", b.About)
	start := time.Now()
	if err := b.Run(ctx, root, os.Stdout, os.Stderr, "build", "//..."); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "build: bazel build //... took %.0f s\n", time.Since(start).Seconds())
	to := filepath.Join(root, "dist", "release")
	files, err := release.Copy(filepath.Join(root, "bazel-bin", "release"), to)
	if err != nil {
		return err
	}
	for _, f := range files {
		fmt.Printf("%s  %10d  %s\n", f.SHA256, f.Bytes, f.Name)
	}
	fmt.Fprintf(os.Stderr, "build: %d programs in %s\n", len(files), to)
	return nil
}
