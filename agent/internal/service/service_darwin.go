package service

import (
	"context"
	"errors"
	"io"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
	"github.com/osiriscare/osiris/agent/internal/command"
)

const (
	plistFile = "/Library/LaunchDaemons/" + Label + ".plist"
	watchFile = "/Library/LaunchDaemons/" + watchLabel + ".plist"
	logFile   = "/Library/Logs/Osiris/agent.log"
)

// Program is where Install expects the program.
func Program() string { return "/opt/osiris/bin/osiris-agent" }

// Run runs work until ctx ends; the caller's context ends with SIGTERM.
func Run(ctx context.Context, work func(context.Context) error) error { return work(ctx) }

// Output is a file of bounded size; launchd would let it grow for ever.
func Output() io.Writer { return &rolling{path: logFile} }

// Install makes launchd start the program at boot; it does not start it.
func Install(_ context.Context, program string, args ...string) error {
	return atomicfile.Write(plistFile, []byte(LaunchdPlist(program, args...)), 0o644)
}

// InstallWatch makes the system start the watcher of an update at boot, if there
// is one under way; a power cut ends the one that was started with it. program
// is the copy of the old program.
func InstallWatch(program string, args ...string) error {
	return atomicfile.Write(watchFile, []byte(LaunchdWatch(program, args...)), 0o644)
}

// Guard has nothing to do: launchd looks whether the program is there.
func Guard(bool) error { return nil }

// Remove stops the daemon and makes launchd forget it.
func Remove(ctx context.Context) error {
	return errors.Join(Stop(ctx), atomicfile.Remove(plistFile), atomicfile.Remove(watchFile))
}

// Start loads the daemon, which starts it. One that is loaded is left alone.
func Start(ctx context.Context) error {
	if loaded(ctx) {
		return nil
	}
	_, err := command.Run(ctx, &command.DaemonLoad)
	return err
}

// Stop unloads the daemon: with KeepAlive it could not be stopped otherwise. One
// that is not loaded is stopped.
func Stop(ctx context.Context) error {
	if !loaded(ctx) {
		return nil
	}
	_, err := command.Run(ctx, &command.DaemonUnload)
	return err
}

func loaded(ctx context.Context) bool {
	_, err := command.Run(ctx, &command.DaemonPrint)
	return err == nil
}
