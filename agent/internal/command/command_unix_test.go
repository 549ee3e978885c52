//go:build linux || darwin

package command

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// script makes a program of a few shell lines.
func script(t *testing.T, lines string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+lines+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCommandsAreBounded(t *testing.T) {
	ctx := context.Background()
	out, err := Run(ctx, &Command{line: "/bin/echo hello", limit: time.Minute, bytes: 100})
	if string(out) != "hello\n" || err != nil {
		t.Errorf("Run(echo) = %q, %v", out, err)
	}
	if _, err := Run(ctx, &Command{line: "/bin/echo " + strings.Repeat("x", 200), limit: time.Minute, bytes: 100}); !errors.Is(err, ErrOutput) {
		t.Errorf("too much output: %v; want %v", err, ErrOutput)
	}
	if _, err := Run(ctx, &Command{line: "/bin/sleep 1000", limit: time.Millisecond, bytes: 100}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("too long: %v; want %v", err, context.DeadlineExceeded)
	}
	broken := script(t, "echo broken >&2; exit 3")
	if _, err := Run(ctx, &Command{line: broken, limit: time.Minute, bytes: 100}); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("a failure: %v; want its complaint", err)
	}
	if _, err := Run(ctx, &Command{line: "/no/such/program", limit: time.Minute, bytes: 100}); err == nil {
		t.Error("a missing program is no error")
	}
	out, err = Run(ctx, &Command{line: "/usr/bin/env", limit: time.Minute, bytes: 1000})
	if err != nil || strings.Contains(string(out), "HOME=") || !strings.Contains(string(out), "LC_ALL=C") {
		t.Errorf("the environment is %q, %v", out, err)
	}
}

func TestACommandMayAnswerInWordsAlone(t *testing.T) {
	ctx := context.Background()
	c := &Command{line: script(t, "echo on; echo off >&2; exit 1"), limit: time.Minute, bytes: 100, anyExit: true}
	if out, err := Run(ctx, c); string(out) != "on\noff\n" || err != nil {
		t.Errorf("Run = %q, %v; want both streams and no error", out, err)
	}
	c.line = script(t, "kill -9 $$")
	if out, err := Run(ctx, c); err == nil {
		t.Errorf("Run of a program that was killed = %q, nil; want an error", out)
	}
}

func TestOnlyTheUsersIDVaries(t *testing.T) {
	out, err := RunFor(context.Background(), &Command{line: "/bin/echo a~b #" + userMark + " $HOME ;ls", limit: time.Minute, bytes: 100}, 501)
	if string(out) != "a b #501 $HOME ;ls\n" || err != nil {
		t.Errorf("RunFor = %q, %v", out, err)
	}
}

func TestWhatNeedsRootSaysSo(t *testing.T) {
	_, err := Run(context.Background(), &Command{line: "/bin/echo hello", limit: time.Minute, bytes: 100, root: true})
	if root := os.Geteuid() == 0; root != (err == nil) {
		t.Errorf("Run as root %v = %v", root, err)
	}
}
