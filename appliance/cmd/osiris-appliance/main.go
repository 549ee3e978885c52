// Command osiris-appliance is the box in the practice: it enrols agents, takes
// their reports, heals what the policy allows, keeps evidence and sends it to
// Central. README.md of the repository shows it running.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/osiriscare/osiris/appliance/internal/memory"
	"github.com/osiriscare/osiris/shared/plain"
)

// version is set by the build: -ldflags "-X main.version=1.2.3".
var version = "dev"

func main() {
	memory.Tune()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "osiris-appliance:", plain.Lines(err.Error()))
		os.Exit(1)
	}
}
