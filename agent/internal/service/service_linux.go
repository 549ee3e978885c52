package service

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
	"github.com/osiriscare/osiris/agent/internal/command"
)

// These are where an administrator's units lie; a package brings its own in
// /usr/lib/systemd/system.
const (
	unitFile  = "/etc/systemd/system/" + Unit
	watchFile = "/etc/systemd/system/" + watchUnit
)

// Program is where Install expects the program.
func Program() string { return "/opt/osiris/bin/osiris-agent" }

// Run runs work until ctx ends; the caller's context ends with SIGTERM.
func Run(ctx context.Context, work func(context.Context) error) error { return work(ctx) }

// Output is standard error, which systemd keeps in the journal.
func Output() io.Writer { return os.Stderr }

// Install makes systemd start the program at boot; it does not start it.
func Install(ctx context.Context, program string, args ...string) error {
	if err := atomicfile.Write(unitFile, []byte(SystemdUnit(program, args...)), 0o644); err != nil {
		return err
	}
	return run(ctx, &command.UnitReload, &command.UnitEnable)
}

// InstallWatch makes the system start the watcher of an update at boot, if there
// is one under way; a power cut ends the one that was started with it. program
// is the copy of the old program.
func InstallWatch(program string, args ...string) error {
	return atomicfile.Write(watchFile, []byte(SystemdWatch(program, args...)), 0o644)
}

// Guard has nothing to do: the unit asks whether its program is there.
func Guard(bool) error { return nil }

// running is there while systemd runs the system: sd_booted(3). Tests change it.
var running = "/run/systemd/system"

// ErrNoSystemd means that something else starts this system's services.
var ErrNoSystemd = errors.New("systemd does not run this system, so there is no service: enrol, then have what starts services here run osiris-agent run")

func systemdRuns() bool {
	_, err := os.Stat(running)
	return err == nil
}

// Remove stops the unit and makes systemd forget it. Where systemd does not run,
// its files go.
func Remove(ctx context.Context) error {
	if _, err := os.Stat(unitFile); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if !systemdRuns() {
		return errors.Join(atomicfile.Remove(unitFile), atomicfile.Remove(watchFile))
	}
	err := run(ctx, &command.UnitDisable)
	return errors.Join(err, atomicfile.Remove(unitFile), atomicfile.Remove(watchFile), run(ctx, &command.UnitReload))
}

// Start starts the unit.
func Start(ctx context.Context) error { return run(ctx, &command.UnitStart) }

// Stop stops the unit; one that is not there is stopped. It is the first step of
// an installation, and says ErrNoSystemd before anything is laid out.
func Stop(ctx context.Context) error {
	if !systemdRuns() {
		return ErrNoSystemd
	}
	if _, err := os.Stat(unitFile); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return run(ctx, &command.UnitStop)
}

func run(ctx context.Context, commands ...*command.Command) error {
	for _, c := range commands {
		if _, err := command.Run(ctx, c); err != nil {
			return err
		}
	}
	return nil
}
