//go:build !windows && !darwin && !linux

package service

import (
	"context"
	"errors"
	"io"
	"os"
)

// Program is nowhere: this system has no service here.
func Program() string { return "" }

// Run runs work until ctx ends.
func Run(ctx context.Context, work func(context.Context) error) error { return work(ctx) }

// Output is standard error.
func Output() io.Writer { return os.Stderr }

// Install is not for this system.
func Install(context.Context, string, ...string) error { return errors.ErrUnsupported }

// InstallWatch is not for this system.
func InstallWatch(string, ...string) error { return errors.ErrUnsupported }

// Guard is not for this system.
func Guard(bool) error { return errors.ErrUnsupported }

// Remove is not for this system.
func Remove(context.Context) error { return errors.ErrUnsupported }

// Start is not for this system.
func Start(context.Context) error { return errors.ErrUnsupported }

// Stop is not for this system.
func Stop(context.Context) error { return errors.ErrUnsupported }
