// Package fxrun joins long work to an fx application. Go starts a Run method
// with the application and stops it with it; Logger sends fx's own messages to
// slog at debug level, since at info they fill a page per start. It is the one
// package besides module.go and app.go files that knows fx.
package fxrun

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"runtime"
	"runtime/debug"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
)

// Go runs run from start to stop of the application. run blocks until its
// context ends or it cannot go on; returning nil early means that there was
// nothing more to do. An error or a panic shuts the application down with exit
// code 1 and is what the application's Stop returns. Stop waits for run until
// its own deadline, then names what is late.
func Go(lc fx.Lifecycle, sd fx.Shutdowner, run func(context.Context) error) {
	w := &work{name: nameOf(run), run: run, shutdown: sd}
	lc.Append(fx.Hook{OnStart: w.start, OnStop: w.stop})
}

// Logger sends fx's messages to log: errors as errors, all else at debug.
func Logger(log *slog.Logger) fx.Option {
	return fx.WithLogger(func() fxevent.Logger {
		l := &fxevent.SlogLogger{Logger: log.With("component", "fx")}
		l.UseLogLevel(slog.LevelDebug)
		return l
	})
}

// headStart is how long before the deadline stop gives up: fx drops what a hook
// returns after it (fx 1.24.0), and with it the name of what is late.
const headStart = 50 * time.Millisecond

func nameOf(run func(context.Context) error) string {
	if f := runtime.FuncForPC(reflect.ValueOf(run).Pointer()); f != nil {
		return f.Name()
	}
	return "work"
}

// work is one running Run. fx calls start and stop one after the other.
type work struct {
	name     string
	run      func(context.Context) error
	shutdown fx.Shutdowner

	cancel context.CancelFunc
	done   chan error
}

// start must not keep ctx: fx ends it when startup is over.
func (w *work) start(ctx context.Context) error {
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	w.cancel, w.done = cancel, done
	go func() { done <- w.once(running) }()
	return nil
}

func (w *work) once(ctx context.Context) error {
	err := w.guarded(ctx)
	if err == nil || ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	err = fmt.Errorf("running %s: %w", w.name, err)
	if ctx.Err() != nil {
		return err
	}
	return errors.Join(err, w.shutdown.Shutdown(fx.ExitCode(1)))
}

func (w *work) guarded(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return w.run(ctx)
}

func (w *work) stop(ctx context.Context) error {
	w.cancel()
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-headStart))
		defer cancel()
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("stopping %s: %w", w.name, ctx.Err())
	}
}
