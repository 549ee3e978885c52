package fxrun_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/shared/fxrun"
)

var errBroken = errors.New("broken")

// app is a whole application around run, wired as a module.go does it.
func app(run func(context.Context) error, options ...fx.Option) *fx.App {
	return fx.New(
		fx.NopLogger,
		fx.Options(options...),
		fx.Invoke(func(lc fx.Lifecycle, sd fx.Shutdowner) { fxrun.Go(lc, sd, run) }),
	)
}

func start(t *testing.T, a *fx.App) {
	t.Helper()
	// The context is cancelled at once after Start: work that held on to it
	// would end here.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := a.Start(ctx); err != nil {
		t.Fatalf("Start = %v", err)
	}
}

func TestWorkOutlivesStartAndEndsWithStop(t *testing.T) {
	running, ended := make(chan context.Context, 1), make(chan struct{})
	a := app(func(ctx context.Context) error {
		running <- ctx
		<-ctx.Done()
		close(ended)
		return ctx.Err()
	})
	start(t, a)
	ctx := <-running
	if err := ctx.Err(); err != nil {
		t.Fatalf("context after Start = %v; want it alive", err)
	}
	if _, ok := ctx.Deadline(); ok {
		t.Error("the work's context has startup's deadline")
	}
	if err := a.Stop(t.Context()); err != nil {
		t.Errorf("Stop = %v; a cancelled work is no error", err)
	}
	select {
	case <-ended:
	default:
		t.Error("Stop returned before the work did")
	}
}

func TestErrorOrPanicShutsTheApplicationDownWithCodeOne(t *testing.T) {
	for name, run := range map[string]func(context.Context) error{
		"an error": func(context.Context) error { return errBroken },
		"a panic":  func(context.Context) error { panic("broken") },
	} {
		t.Run(name, func(t *testing.T) {
			a := app(run)
			wait := a.Wait()
			start(t, a)
			if signal := <-wait; signal.ExitCode != 1 {
				t.Errorf("exit code = %d; want 1", signal.ExitCode)
			}
			err := a.Stop(t.Context())
			// Bazel gives the test's package another path.
			if err == nil || !strings.HasPrefix(err.Error(), "running ") || !strings.Contains(err.Error(), "shared/fxrun") || !strings.Contains(err.Error(), ".TestErrorOrPanic") {
				t.Errorf("Stop = %v; want the error with the work's name", err)
			}
			if name == "an error" && !errors.Is(err, errBroken) {
				t.Errorf("Stop = %v; want it to wrap %v", err, errBroken)
			}
		})
	}
}

func TestWorkThatEndsByItselfLeavesTheApplicationRunning(t *testing.T) {
	ended := make(chan struct{})
	a := app(func(context.Context) error { defer close(ended); return nil })
	wait := a.Wait()
	start(t, a)
	<-ended
	if err := a.Stop(t.Context()); err != nil {
		t.Errorf("Stop = %v", err)
	}
	select {
	case signal := <-wait:
		t.Errorf("the application was shut down: %v", signal)
	default:
	}
}

func TestErrorWhileStoppingIsReturned(t *testing.T) {
	a := app(func(ctx context.Context) error { <-ctx.Done(); return errBroken })
	start(t, a)
	if err := a.Stop(t.Context()); !errors.Is(err, errBroken) {
		t.Errorf("Stop = %v; want %v", err, errBroken)
	}
}

func TestStopNamesWorkThatIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		a := app(func(context.Context) error { <-release; return nil })
		start(t, a)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := a.Stop(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "TestStopNamesWorkThatIsLate") {
			t.Errorf("Stop = %v; want the late work's name", err)
		}
	})
}

type store struct{}

func (*store) Run(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

// The same shape as a feature's Module, so that what ValidateApp finds in a
// cmd's TestWiring is seen to be found.
func TestValidateAppFindsAMissingProvider(t *testing.T) {
	module := fx.Module("store", fx.Invoke(func(lc fx.Lifecycle, sd fx.Shutdowner, s *store) { fxrun.Go(lc, sd, s.Run) }))
	logger := fxrun.Logger(slog.New(slog.DiscardHandler))
	if err := fx.ValidateApp(logger, module, fx.Provide(func() *store { return &store{} })); err != nil {
		t.Errorf("ValidateApp(complete) = %v", err)
	}
	err := fx.ValidateApp(logger, module)
	if err == nil || !strings.Contains(err.Error(), "missing type: *fxrun_test.store") {
		t.Errorf("ValidateApp(without store) = %v; want the missing type", err)
	}
}

func TestFxIsQuietAtInfoAndLoudAboutErrors(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	a := fx.New(fxrun.Logger(log), fx.Invoke(func(lc fx.Lifecycle, sd fx.Shutdowner) {
		fxrun.Go(lc, sd, (&store{}).Run)
	}))
	start(t, a)
	if err := a.Stop(t.Context()); err != nil {
		t.Fatalf("Stop = %v", err)
	}
	if out.Len() > 0 {
		t.Errorf("fx logged at info:\n%s", &out)
	}
	if fx.New(fxrun.Logger(log), fx.Invoke(func(*store) {})).Err() == nil {
		t.Fatal("an application without its store was built")
	}
	if !strings.Contains(out.String(), "level=ERROR") {
		t.Errorf("fx logged %q; want an error line", out.String())
	}
}
