// Osirisctl is the shell of operators and auditors: everything the API does, and
// verification of evidence from files alone, without any server. Exit codes: 0
// done or proven, 1 an error or broken evidence, 2 a mistake on the command
// line, 3 consistent evidence of a signer that was not pinned or that is not
// cosigned yet. An order that was waited for has 4 (the check fails and nothing
// was changed), 5 (refused, expired, withdrawn) and 6 (not done yet). Secrets are
// read from files named on the command line or in the environment, never from it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	printable "github.com/osiriscare/osiris/shared/plain"
)

// version is set at link time.
var version = "0.0.0-dev"

// Exit codes besides those of bundle.Result.
const (
	exitError = 1
	exitUsage = 2
)

// errUsage is a mistake on the command line.
var errUsage = errors.New("run `osirisctl help` to see the commands")

// exitCode is a result that is not an error but has a code.
type exitCode int

// Error implements error.
func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := runFrom(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// runFrom does one command.
func runFrom(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	err := dispatch(ctx, args, &shell{getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr})
	var code exitCode
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintln(stderr, "osirisctl:", printable.Lines(explain(err).Error())) //nolint:errcheck // nobody is left to tell
	if errors.Is(err, errUsage) {
		return exitUsage
	}
	return exitError
}
