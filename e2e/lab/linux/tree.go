package linux

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// packages are what the runbooks of Linux servers deal with.
//
//go:embed packages.txt
var packages string

//go:embed tree.sh
var treeScript string

// ErrMissing says that this machine cannot boot a Debian.
var ErrMissing = errors.New("a target needs root, and Debian's mmdebstrap, iproute2 and util-linux")

// installed tells whether the Debian packages are there that make a target.
func installed() bool {
	for _, tool := range []string{"mmdebstrap", "ip", "nsenter"} {
		if _, err := exec.LookPath(tool); err != nil {
			return false
		}
	}
	return true
}

// treeFolder is named by all that decides what is in it but the packages' versions.
func treeFolder() (string, error) {
	base := os.Getenv("OSIRIS_CACHE")
	if base == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("looking for a cache folder, which OSIRIS_CACHE may name: %w", err)
		}
		base = filepath.Join(user, "osiris")
	}
	base, err := filepath.Abs(base)
	if err != nil {
		return "", fmt.Errorf("looking for the cache folder: %w", err)
	}
	key := sha256.Sum256([]byte(packages + treeScript))
	return filepath.Join(base, "linux-target", fmt.Sprintf("%x", key[:8])), nil
}

// prepare makes the tree if it is not there, by tree.sh in namespaces of its own,
// and removes those that were made of other packages. It takes the machine's
// sources of Debian 12, and how its apt fetches. The tree stays until release.
func prepare() (release func(), err error) {
	if !installed() {
		return func() {}, nil // Open says so
	}
	ctx := context.Background() // go test ends it
	dir, err := treeFolder()
	if err != nil {
		return nil, err
	}
	base := filepath.Dir(dir)
	// The tree has programs that make their caller root: nobody else gets to them.
	if err := os.MkdirAll(base, 0o700); err != nil {
		return nil, fmt.Errorf("making the tree: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(base, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("making the tree: %w", err)
	}
	take := func(how int) error {
		if err := syscall.Flock(int(lock.Fd()), how); err != nil {
			return fmt.Errorf("waiting for others who use the tree: %w", err)
		}
		return nil
	}
	err = take(syscall.LOCK_SH)
	if _, e := os.Stat(dir); err == nil && errors.Is(e, fs.ErrNotExist) {
		if err = take(syscall.LOCK_EX); err == nil {
			err = renew(ctx, dir)
		}
		err = errors.Join(err, take(syscall.LOCK_SH))
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return func() { _ = lock.Close() }, nil
}

// renew makes the tree while nobody else uses one.
func renew(ctx context.Context, dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err // somebody was first
	}
	base := filepath.Dir(dir)
	old, err := os.ReadDir(base)
	if err != nil {
		return fmt.Errorf("making the tree: %w", err)
	}
	for _, e := range old {
		if e.IsDir() {
			if err := os.RemoveAll(filepath.Join(base, e.Name())); err != nil {
				return fmt.Errorf("removing an old tree: %w", err)
			}
		}
	}
	part, err := os.MkdirTemp(base, "part-")
	if err != nil {
		return fmt.Errorf("making the tree: %w", err)
	}
	if err = bootstrap(ctx, part); err == nil {
		err = os.Rename(filepath.Join(part, "tree"), dir)
	}
	if err := errors.Join(err, os.RemoveAll(part)); err != nil {
		return fmt.Errorf("making the tree: %w", err)
	}
	return nil
}

func bootstrap(ctx context.Context, part string) error {
	fetching, err := exec.CommandContext(ctx, "apt-config", "dump", "Acquire").Output()
	if err != nil {
		return fmt.Errorf("asking how apt fetches: %w", err)
	}
	sources, err := machineSources("/etc/apt")
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{"apt.conf": fetching, "debian.sources": sources.deb822, "debian.list": sources.list} {
		if err := os.WriteFile(filepath.Join(part, name), content, 0o600); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", treeScript, "tree", part, strings.Join(packageNames(), ","), withheld)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC, Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL,
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, tail(said.Bytes(), 4096))
	}
	return nil
}

// packageNames are the first words of packages' lines; # begins a comment.
func packageNames() []string {
	var names []string
	for line := range strings.Lines(packages) {
		line, _, _ = strings.Cut(line, "#")
		if fields := strings.Fields(line); len(fields) > 0 {
			names = append(names, fields[0])
		}
	}
	return names
}

func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }
