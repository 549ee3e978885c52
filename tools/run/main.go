// Command run builds one of the product's binaries and runs it in the caller's
// folder; the exit code is the binary's.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"github.com/osiriscare/osiris/e2e/binary"
	"github.com/osiriscare/osiris/tools/internal/repo"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	root, err := repo.Root()
	if err != nil {
		return err
	}
	if len(args) == 0 || args[0] == "-h" || args[0] == "--help" {
		names, err := binary.Names(root)
		if err != nil {
			return err
		}
		fmt.Printf("Usage: ./dev run BINARY [ARGS]\n\nBuilds a binary and runs it. There are: %s\n", strings.Join(names, " "))
		return nil
	}
	path, err := binary.Build(ctx, root, args[0])
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, path, args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	// Ctrl-C reaches the binary from the terminal too; it gets the time it needs.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	return cmd.Run()
}
