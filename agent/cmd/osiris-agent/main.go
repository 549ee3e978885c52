// Command osiris-agent watches one machine for its site's appliance: it runs the
// checks, queues what they find, reports it, and heals what its signed policy
// allows. Verbs: run, service, install, uninstall, enrol, check, validate,
// sample, version, and watch-update and watch-service, by which it replaces
// itself. It is wired by hand (DESIGN D21); agent/README.md says what may not be linked in. Exit codes:
// 0 done, 1 an error that is printed, 2 a wrong command line; check exits 3 when
// a check fails, and 4 when none does but one could not be made.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/service"
)

// Stamped by -ldflags "-X main.version=... -X main.commit=... -X main.built=...";
// built is Unix seconds, the floor of the agent's clock.
var (
	version = "0.0.0-dev"
	commit  = "unknown"
	built   = "0"
)

const usage = `osiris-agent watches this machine for its site's appliance.

  osiris-agent install [--config FILE] [--stdin]
                                               install as a service, enrol and start
  osiris-agent uninstall                       stop and remove the service; data stays
  osiris-agent enrol [--config FILE] [--stdin] [--again]
                                               trade the enrolment token for an identity
  osiris-agent run [--config FILE]             watch, report and heal until stopped
  osiris-agent service [--config FILE]         the same, for the operating system to start
  osiris-agent check [--json] [--config FILE] [NAME...]
                                               run checks once and print them
  osiris-agent validate [--config FILE]        check the configuration
  osiris-agent sample                          print a commented configuration
  osiris-agent version                         print the version

The token comes from the file token.conf beside the program or where token_file
says, else you are asked for it; --stdin reads it from standard input. --again
makes the machine a new agent. Without --config the default file, if there is one,
and OSIRIS_AGENT_* variables count.
`

func main() {
	ctx, stop := untilStopped()
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Errors that have an exit code of their own.
var (
	errUsage   = errors.New("run osiris-agent without arguments to see how it is used")
	errFailed  = errors.New("a check failed")
	errUnknown = errors.New("a check could not be made")
)

// run is main without the process.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	err := dispatch(ctx, args, stdout, stderr)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errFailed):
		return 3
	case errors.Is(err, errUnknown):
		return 4
	}
	_, _ = io.WriteString(stderr, "osiris-agent: "+err.Error()+"\n") // nowhere else to say it
	if errors.Is(err, errUsage) {
		return 2
	}
	return 1
}

func dispatch(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		_, err := io.WriteString(stdout, usage)
		return err
	}
	o, err := parseOptions(args[0], args[1:])
	if err != nil {
		return err
	}
	switch args[0] {
	case "run":
		return runAgent(ctx, o, stderr)
	case "service":
		return serve(ctx, o)
	case "watch-update":
		return watchUpdate(ctx, o)
	case "watch-service":
		return service.Run(ctx, func(ctx context.Context) error { return watchUpdate(ctx, o) })
	case "install":
		return install(ctx, o, stdout, stderr)
	case "uninstall":
		return uninstall(ctx)
	case "enrol":
		return enrol(ctx, o, stdout, stderr)
	case "check":
		return checkOnce(ctx, o, stdout)
	case "validate":
		return validate(o, stdout)
	case "sample":
		return sample(stdout)
	case "version":
		_, err := io.WriteString(stdout, "osiris-agent "+version+" ("+commit+")\n")
		return err
	}
	return errors.Join(errors.New("there is no verb "+args[0]), errUsage)
}

// options are what a command line says.
type options struct {
	config string
	json   bool
	stdin  bool // the token is on standard input, whatever files there are
	again  bool // enrol an enrolled machine
	names  []string
}

func parseOptions(verb string, args []string) (*options, error) {
	o := &options{}
	for i := 0; i < len(args); i++ {
		value, inline := strings.CutPrefix(args[i], "--config=")
		switch {
		case inline:
			o.config = value
		case args[i] == "--config" && i+1 < len(args):
			i++
			o.config = args[i]
		case args[i] == "--json" && verb == "check":
			o.json = true
		case args[i] == "--stdin" && (verb == "enrol" || verb == "install"):
			o.stdin = true
		case args[i] == "--again" && verb == "enrol":
			o.again = true
		case verb == "check" && !strings.HasPrefix(args[i], "-"):
			o.names = append(o.names, args[i])
		default:
			return o, errors.Join(errors.New("unexpected argument "+args[i]), errUsage)
		}
	}
	return o, nil
}
