// Package wine runs Windows programs under Wine, as agent's tests on Linux: a
// prefix that setup.sh makes once in a cache from Debian's sources, and a copy
// of it for each run, so that no run sees another's registry. Paths of the
// machine are Windows paths on drive Z:. What Wine 8.0 does not do as Windows
// does stands beside the tests that meet it.
//
// The cache is the folder wine under OSIRIS_CACHE, else osiris/wine under the
// user's cache folder. Debian's packages that are needed are in
// tools/debian-packages.txt; without them Open's error is ErrMissing.
package wine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Debian's paths; the wrapper "wine" wants 32-bit parts that nothing here needs.
const (
	loader = "/usr/lib/wine/wine64"
	server = "/usr/lib/wine/wineserver64"
)

// ErrMissing says that this machine has no Wine or no cross compiler.
var ErrMissing = errors.New("wine64 or gcc-mingw-w64-x86-64 is not installed")

// Prefix is one Windows of its own.
type Prefix struct {
	dir  string
	idle *exec.Cmd
	keep io.Closer
}

// Installed tells whether the Debian packages are there.
func Installed() bool {
	for _, tool := range []string{loader, server, "x86_64-w64-mingw32-gcc", "tclsh"} {
		if _, err := exec.LookPath(tool); err != nil {
			return false
		}
	}
	return true
}

// Open makes a prefix that is gone after Close. root is the checkout.
func Open(ctx context.Context, root string) (*Prefix, error) {
	if !Installed() {
		return nil, ErrMissing
	}
	cache, err := folder()
	if err != nil {
		return nil, err
	}
	setup := exec.CommandContext(ctx, filepath.Join(root, "e2e", "wine", "setup.sh"), cache)
	if out, err := setup.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("setting Wine up: %w\n%s", err, out)
	}
	// Beside the original, so that files can be shared by hard links.
	dir, err := os.MkdirTemp(cache, "run-")
	if err != nil {
		return nil, fmt.Errorf("making a prefix: %w", err)
	}
	p := &Prefix{dir: dir}
	if err := copyTree(filepath.Join(cache, "ready", "prefix"), p.prefix()); err != nil {
		return nil, errors.Join(fmt.Errorf("copying the prefix: %w", err), os.RemoveAll(dir))
	}
	if err := p.stay(ctx); err != nil {
		return nil, errors.Join(err, p.Close(ctx))
	}
	return p, nil
}

func folder() (string, error) {
	if dir := os.Getenv("OSIRIS_CACHE"); dir != "" {
		return filepath.Abs(filepath.Join(dir, "wine"))
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("looking for a cache folder, which OSIRIS_CACHE may name: %w", err)
	}
	return filepath.Join(dir, "osiris", "wine"), nil
}

func (p *Prefix) prefix() string { return filepath.Join(p.dir, "prefix") }

// stay keeps shim/idle.c running: without any program, Wine ends its services.
// It waits until it has a desktop.
func (p *Prefix) stay(ctx context.Context) error {
	idle := p.Command(ctx, "idle.exe")
	in, err := idle.StdinPipe()
	if err != nil {
		return fmt.Errorf("starting Wine: %w", err)
	}
	out, err := idle.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting Wine: %w", err)
	}
	if err := idle.Start(); err != nil {
		return fmt.Errorf("starting Wine: %w", err)
	}
	p.idle, p.keep = idle, in
	if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
		return fmt.Errorf("starting Wine: %w", err)
	}
	return nil
}

// closing is how long Wine gets to end its programs before they are killed.
const closing = 30 * time.Second

// Close ends all programs of the prefix and removes it.
func (p *Prefix) Close(ctx context.Context) error {
	var errs []error
	if p.idle != nil {
		errs = append(errs, p.keep.Close())
	}
	if p.server(ctx, "-k") != nil || p.server(ctx, "-w") != nil {
		errs = append(errs, p.server(ctx, "-k9"), p.server(ctx, "-w"))
	}
	if p.idle != nil {
		// It has ended, unless Wine hangs.
		if err := p.idle.Process.Kill(); !errors.Is(err, os.ErrProcessDone) {
			errs = append(errs, err)
		}
		if err := p.idle.Wait(); !isExit(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, os.RemoveAll(p.dir))...)
}

// server asks Wine's server for something. Its exit code says only that there
// was no server.
func (p *Prefix) server(ctx context.Context, request string) error {
	ctx, cancel := context.WithTimeout(ctx, closing)
	defer cancel()
	cmd := exec.CommandContext(ctx, server, request)
	cmd.Env = p.Env()
	err := cmd.Run()
	if ctx.Err() == nil && isExit(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("running wineserver %s: %w", request, err)
	}
	return nil
}

// isExit tells whether a program ran and ended with a code of its own.
func isExit(err error) bool {
	_, ok := errors.AsType[*exec.ExitError](err)
	return ok
}

// Env is what Wine needs to know.
func (p *Prefix) Env() []string {
	env := []string{
		"WINEPREFIX=" + p.prefix(), "WINEARCH=win64", "WINEDEBUG=-all",
		"WINEDLLOVERRIDES=mscoree,mshtml=;winemenubuilder.exe=d",
		// Nothing of Wine's goes into the user's home.
		"HOME=" + p.dir,
	}
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		switch name {
		case "DISPLAY", "WAYLAND_DISPLAY", "HOME", "WINEPREFIX", "WINEARCH", "WINEDEBUG", "WINEDLLOVERRIDES":
		default:
			env = append(env, v)
		}
	}
	return env
}

// Command is a Windows program, by its path on this machine or by its name if
// it belongs to Windows.
func (p *Prefix) Command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, loader, append([]string{program}, args...)...)
	cmd.Env = p.Env()
	// A program of Windows that it started may hold its output open.
	cmd.WaitDelay = closing
	return cmd
}

// Run runs a Windows program to its end and gives what it said.
func (p *Prefix) Run(ctx context.Context, program string, args ...string) (string, error) {
	out, err := p.Command(ctx, program, args...).CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("running %s %s: %w: %s", filepath.Base(program), strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return string(out), nil
}

// Drive is the machine's path of drive C:.
func (p *Prefix) Drive() string { return filepath.Join(p.prefix(), "drive_c") }

// Launcher writes a script that runs Windows programs in this prefix, for those
// who start programs by their path, such as go test -exec.
func (p *Prefix) Launcher() (string, error) {
	var script strings.Builder
	script.WriteString("#!/bin/sh\nunset DISPLAY WAYLAND_DISPLAY\n")
	for _, v := range p.Env()[:5] {
		name, value, _ := strings.Cut(v, "=")
		script.WriteString("export " + name + "='" + value + "'\n")
	}
	script.WriteString("exec " + loader + " \"$@\"\n")
	path := filepath.Join(p.dir, "launch")
	return path, os.WriteFile(path, []byte(script.String()), 0o700)
}

// WindowsPath is a path of this machine as Windows programs know it.
func WindowsPath(path string) string { return `Z:` + strings.ReplaceAll(path, "/", `\`) }

// copyTree copies a prefix. Files are shared by hard links, which nobody writes
// to; the registry is written, so it is copied.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rest, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rest)
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o700)
		case d.Type()&fs.ModeSymlink != 0:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, target)
		case strings.HasSuffix(path, ".reg"):
			return copyFile(path, target)
		}
		if err := os.Link(path, target); !errors.Is(err, syscall.EXDEV) && !errors.Is(err, syscall.EPERM) {
			return err
		}
		return copyFile(path, target)
	})
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}
