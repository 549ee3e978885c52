// Command bazel runs Bazel on this tree with what the machine has, or with one
// that it makes: see tools/internal/bazel. Its arguments are Bazel's.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/osiriscare/osiris/tools/internal/bazel"
	"github.com/osiriscare/osiris/tools/internal/repo"
)

const usage = `Usage: ./dev bazel COMMAND [ARGS...]
       ./dev bazel --purge

Runs Bazel, for example: ./dev bazel build //...
A Bazel 7 or 8 on the PATH is used if it starts. Otherwise, on Debian as root,
Debian's own is unpacked once into the cache folder, which --purge removes.
The cache folder is OSIRIS_CACHE, or osiris in the user's cache folder.
docs/building.md explains both.
`

func main() {
	if bazel.Inside() {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	var exit bazel.Exit
	if errors.As(err, &exit) {
		os.Exit(exit.Code) // Bazel has said why
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bazel:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] == "-h" || args[0] == "--help" {
		fmt.Fprint(os.Stdout, usage)
		return nil
	}
	root, err := repo.Root()
	if err != nil {
		return err
	}
	dirs, err := bazel.DefaultDirs()
	if err != nil {
		return err
	}
	if args[0] == "--purge" {
		if err := bazel.Purge(dirs); err != nil {
			return err
		}
		fmt.Fprintln(os.Stderr, "bazel: removed", dirs.Cache)
		return nil
	}
	b, err := bazel.Find(ctx, root, dirs, os.Stderr)
	if err != nil {
		return err
	}
	folder, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("finding the current folder: %w", err)
	}
	fmt.Fprintln(os.Stderr, "bazel:", b.About)
	return b.Run(ctx, folder, os.Stdout, os.Stderr, args...)
}
