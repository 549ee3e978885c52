package command

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestCommandsAreBounded(t *testing.T) {
	ctx := context.Background()
	out, err := Run(ctx, Command{"/bin/echo", []string{"hello"}, time.Minute, 100})
	if string(out) != "hello\n" || err != nil {
		t.Errorf("Run(echo) = %q, %v", out, err)
	}
	if _, err := Run(ctx, Command{"/bin/echo", []string{strings.Repeat("x", 200)}, time.Minute, 100}); !errors.Is(err, ErrOutput) {
		t.Errorf("too much output: %v; want %v", err, ErrOutput)
	}
	if _, err := Run(ctx, Command{"/bin/sleep", []string{"1000"}, time.Millisecond, 100}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("too long: %v; want %v", err, context.DeadlineExceeded)
	}
	if _, err := Run(ctx, Command{"/bin/sh", []string{"-c", "echo broken >&2; exit 3"}, time.Minute, 100}); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("a failure: %v; want its complaint", err)
	}
	if _, err := Run(ctx, Command{"/no/such/program", nil, time.Minute, 100}); err == nil {
		t.Error("a missing program is no error")
	}
	out, err = Run(ctx, Command{"/usr/bin/env", nil, time.Minute, 1000})
	if err != nil || strings.Contains(string(out), "HOME=") || !strings.Contains(string(out), "LC_ALL=C") {
		t.Errorf("the environment is %q, %v", out, err)
	}
}
