package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
	"github.com/osiriscare/osiris/agent/internal/config"
	"github.com/osiriscare/osiris/agent/internal/folder"
	"github.com/osiriscare/osiris/agent/internal/say"
	"github.com/osiriscare/osiris/agent/internal/service"
)

// serve is the verb service, by which the operating system starts the agent.
func serve(ctx context.Context, o options) error {
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
func install(ctx context.Context, o options, stdout, stderr io.Writer) error {
	c, log, err := load(o, stderr)
	if err != nil {
		return err
	}
	if err := folder.Private(c.DataDir); err != nil {
		return err
	}
	if !enrolled(c.DataDir) {
		if err := obtain(o, &c, stdout); err != nil {
			return err
		}
	}
	if err := service.Stop(ctx); err != nil {
		return err
	}
	settings, err := keepConfig(o.config, &c)
	if err != nil {
		return err
	}
	if err := place(service.Program()); err != nil {
		return err
	}
	if err := service.Install(ctx, service.Program(), "service", "--config", settings); err != nil {
		return err
	}
	a, enrolErr := newApp(c, log)
	if enrolErr == nil {
		if !a.identity.Enrolled() {
			enrolErr = a.enrol(ctx)
		}
		enrolErr = errors.Join(enrolErr, a.close())
	}
	if err := service.Start(ctx); err != nil {
		return errors.Join(err, enrolErr)
	}
	if _, err := io.WriteString(stdout, "The agent is installed in "+service.Program()+" and running.\n"); err != nil {
		return err
	}
	if enrolErr != nil {
		return fmt.Errorf("enrolling, which the service will try again: %w", enrolErr)
	}
	return nil
}

// keepConfig writes the configuration of the service into the data folder, where
// nobody else can change it, and gives its path. It names the data folder,
// because a service's environment may name another one.
func keepConfig(from string, c *config.Config) (string, error) {
	path := filepath.Join(c.DataDir, "agent.conf")
	if from == path {
		return path, nil
	}
	var content []byte
	if from != "" {
		var err error
		if content, err = os.ReadFile(from); err != nil {
			return "", fmt.Errorf("reading configuration: %w", err)
		}
	} else if content, _ = os.ReadFile(path); len(content) > 0 {
		return path, nil
	}
	named, err := config.Names(content, "data_dir")
	if err != nil {
		return "", fmt.Errorf("reading configuration %s: %w", from, err)
	}
	if !named {
		content = slices.Concat(content, []byte("\ndata_dir = "+c.DataDir+"\n"))
	}
	return path, atomicfile.Write(path, content, 0o600)
}

// place copies this program to where the service runs it.
func place(target string) error {
	own, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	if own == target {
		return nil
	}
	if err := folder.Shared(filepath.Dir(target)); err != nil {
		return err
	}
	content, err := os.ReadFile(own)
	if err != nil {
		return fmt.Errorf("reading this program: %w", err)
	}
	return atomicfile.Write(target, content, 0o755)
}

// uninstall is the verb uninstall. The data folder stays: its queue may hold what
// nobody has seen yet.
func uninstall(ctx context.Context, o options, stdout, stderr io.Writer) error {
	c, _, err := load(o, stderr)
	if err != nil {
		return err
	}
	if err := service.Remove(ctx); err != nil {
		return err
	}
	text := "The agent is removed. Its data stays in " + c.DataDir + ".\n"
	if err := os.Remove(service.Program()); err != nil && !errors.Is(err, os.ErrNotExist) {
		text += "Remove " + service.Program() + " by hand: " + err.Error() + "\n" // Windows keeps a running program
	}
	_, err = io.WriteString(stdout, text)
	return err
}
