package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
	"github.com/osiriscare/osiris/agent/internal/folder"
	"github.com/osiriscare/osiris/agent/internal/say"
	"github.com/osiriscare/osiris/agent/internal/service"
	"github.com/osiriscare/osiris/agent/internal/update"
)

// serve is the verb service, by which the operating system starts the agent.
func serve(ctx context.Context, o *options) error {
	out := service.Output()
	return service.Run(ctx, func(ctx context.Context) error {
		err := runAgent(ctx, o, out)
		if err != nil {
			say.New(out, say.LevelError).Error("agent ended", "error", err)
		}
		return err
	})
}

// install is the verb install: program, configuration, service, identity. It can
// be repeated, also with a newer program. A machine that cannot enrol now is
// installed all the same, and its service keeps trying.
func install(ctx context.Context, o *options, stdout, stderr io.Writer) error {
	c, _, err := load(o, stderr)
	if err == nil {
		err = folder.Private(c.DataDir)
	}
	if err == nil {
		err = service.Stop(ctx)
	}
	if err == nil {
		o.config, err = keepConfig(o.config, c.DataDir)
	}
	if err == nil {
		err = place(service.Program())
	}
	if err == nil {
		err = errors.Join(
			service.InstallWatch(update.Old(service.Program()), "watch-service", "--config", o.config),
			service.Install(ctx, service.Program(), "service", "--config", o.config))
	}
	if err != nil {
		return err
	}
	err = enrol(ctx, o, stdout, stderr)
	return errors.Join(err, service.Start(ctx))
}

// keepConfig copies the configuration of the service into the data folder, where
// nobody else can change it, and gives its path. Without one it keeps the
// former, or names the data folder only: a service's environment may have
// another default.
func keepConfig(from, dataDir string) (string, error) {
	path := filepath.Join(dataDir, "agent.conf")
	content := []byte("data_dir = " + dataDir + "\n")
	if from == "" {
		if exists(path) {
			return path, nil
		}
	} else {
		var err error
		if content, err = os.ReadFile(from); err != nil {
			return "", err
		}
	}
	return path, atomicfile.Write(path, content, 0o600)
}

// place copies this program to where the service runs it.
func place(target string) error {
	own, err := os.Executable()
	if err != nil || own == target {
		return err
	}
	if err := folder.Shared(filepath.Dir(target)); err != nil {
		return err
	}
	content, err := os.ReadFile(own)
	if err != nil {
		return err
	}
	return atomicfile.Write(target, content, 0o755)
}

// uninstall is the verb uninstall. The data folder stays: its queue may hold what
// nobody has seen yet. Windows keeps a program that runs; the service is gone.
func uninstall(ctx context.Context) error {
	err := service.Remove(ctx)
	if err == nil {
		_ = os.Remove(service.Program())
	}
	return err
}
