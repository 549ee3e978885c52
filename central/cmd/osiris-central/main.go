// Osiris-central is Central Command: tenants, verified evidence and its archive,
// the witness, signed settings, the API and the dashboard. Exit codes: 0 done, 1
// an error, 2 a mistake on the command line. Logs go to standard error.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// version is set at link time.
var version = "0.0.0-dev"

// Exit codes.
const (
	exitError = 1
	exitUsage = 2
)

// errUsage is a mistake on the command line.
var errUsage = errors.New("run `osiris-central help` to see the verbs")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run does one verb.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	err := dispatch(ctx, args, stdout, stderr)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintln(stderr, "osiris-central:", err) //nolint:errcheck // nobody is left to tell
		return exitUsage
	}
	fmt.Fprintln(stderr, "osiris-central:", err) //nolint:errcheck // nobody is left to tell
	return exitError
}

const help = `osiris-central is Central Command.

  serve       run until stopped
  init        make keys and the first operator token in the data folder
  root init --dir DIR
              make the Central root in a folder that stays offline
  root delegate --dir DIR --online-key FILE --out FILE
              let the root trust an online key for a year
  login-link  print an address that signs in to the dashboard, once
  rebuild     make hosts, verdicts and incidents again from the archive
  validate    check the configuration
  sample      print a commented configuration
  version     print the version

  --config FILE      configuration file (serve, init, login-link, rebuild, validate)
  --set KEY=VALUE    override one setting, repeatable
`
