// Package bazel finds a Bazel that can build this tree, or makes one, and runs
// it (DESIGN D1). A Bazel of version 7 or 8 on the PATH that starts is used as it
// is. Elsewhere, on Debian with root, the Bazel 7 of a newer Debian is unpacked
// into a folder of its own under the cache and entered in namespaces of its own:
// nothing is installed, no script of a package is run, and the Bazel server ends
// with the namespace. Folders are absolute paths. Errors say what to do next.
// Sources: bazel.build/run/client-server, mount_namespaces(7), pid_namespaces(7),
// pivot_root(2), apt-get(8), dpkg-deb(1), read 2026-11-22.
package bazel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/osiriscare/osiris/tools/internal/repo"
)

// Bazel is one that can be run.
type Bazel struct {
	// About tells a person which one it is.
	About string

	root    string   // of the checkout
	program string   // on this machine; empty for the one in a folder of its own
	startup []string // options before the command
	debian  *debian  // set when the program is in a folder of its own
}

// Dirs are the folders that Bazel writes to.
type Dirs struct {
	Cache  string // holds everything else; purging removes it
	Output string // what Bazel builds in, its output_user_root
	Disk   string // results that other checkouts share; empty for none
}

// DefaultDirs are under OSIRIS_CACHE, or else under the user's cache folder.
func DefaultDirs() (Dirs, error) {
	base := os.Getenv("OSIRIS_CACHE")
	if base == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return Dirs{}, fmt.Errorf("finding the cache folder: %w; set OSIRIS_CACHE to one", err)
		}
		base = filepath.Join(user, "osiris")
	}
	if !filepath.IsAbs(base) {
		return Dirs{}, fmt.Errorf("OSIRIS_CACHE is %q, which is not an absolute path", base)
	}
	cache := filepath.Join(base, "bazel")
	return Dirs{cache, filepath.Join(cache, "out"), filepath.Join(cache, "disk")}, nil
}

// Find gives a Bazel for the checkout at root and says on log what it does.
func Find(ctx context.Context, root string, dirs Dirs, log io.Writer) (*Bazel, error) {
	path, about, why := onPath(ctx, root)
	if why == nil {
		startup := pathStartup(root)
		if dirs.Disk == "" {
			// Nothing of earlier builds, nor of the person's own settings.
			startup = append(startup, "--nohome_rc", "--output_user_root="+dirs.Output)
		}
		return &Bazel{About: about, root: root, program: path, startup: startup}, nil
	}
	d := &debian{dirs: dirs, root: root, log: log}
	if err := d.make(ctx); err != nil {
		return nil, fmt.Errorf("no Bazel can be had: %w; and %w (docs/building.md has both ways)", why, err)
	}
	if err := writeConfig(dirs); err != nil {
		return nil, err
	}
	return &Bazel{
		About: d.about(), root: root, debian: d,
		startup: []string{
			"--bazelrc=" + debianConfig(root), "--bazelrc=" + ownConfig(dirs),
			"--output_user_root=" + dirs.Output, "--server_javabase=/usr/lib/jvm/default-java",
		},
	}, nil
}

// debianConfig replaces what Bazel and rules_go would fetch from hosts of their
// own by Debian's packages of it.
func debianConfig(root string) string { return filepath.Join(root, "tools", "bazel", "debian.bazelrc") }

// ownConfig is beside the output it is for.
func ownConfig(dirs Dirs) string { return dirs.Output + ".bazelrc" }

// writeConfig keeps what depends on this machine's folders.
func writeConfig(dirs Dirs) error {
	text := ""
	if dirs.Disk != "" {
		text = "common --disk_cache=" + dirs.Disk + "\ncommon --experimental_disk_cache_gc_max_size=12G\n"
	}
	if err := os.WriteFile(ownConfig(dirs), []byte(text), 0o644); err != nil {
		return fmt.Errorf("writing Bazel's settings: %w", err)
	}
	return nil
}

// Run runs one Bazel command in folder, such as build //..., and ends what it
// left running when it lives in a folder of its own. What Bazel says goes to out
// and log as it gives it; its failure is an Exit.
func (b *Bazel) Run(ctx context.Context, folder string, out, log io.Writer, args ...string) error {
	args = append(append([]string{}, b.startup...), args...)
	if b.debian != nil {
		return asExit(b.debian.enter(ctx, folder, out, log, args))
	}
	cmd := repo.Command(ctx, folder, out, b.program, args...)
	cmd.Stdin, cmd.Stderr = os.Stdin, log
	return asExit(cmd.Run())
}

// Purge removes everything this package keeps.
func Purge(dirs Dirs) error {
	if filepath.Base(dirs.Cache) != "bazel" {
		return errors.New("the cache folder has an unexpected name")
	}
	locks, err := filepath.Glob(filepath.Join(dirs.Cache, "*.lock"))
	if err != nil {
		return fmt.Errorf("looking for locks: %w", err)
	}
	if made, err := filepath.Glob(filepath.Join(dirs.Cache, "reproduce", "*.lock")); err == nil {
		locks = append(locks, made...)
	}
	if _, err := os.Lstat(dirs.Cache + ".make.lock"); err == nil {
		locks = append(locks, dirs.Cache+".make.lock")
	}
	if err := idle(locks); err != nil {
		return fmt.Errorf("%s is in use: %w", dirs.Cache, err)
	}
	return Remove(dirs.Cache)
}

// errBusy says what to do about a lock that is held.
var errBusy = errors.New("another Bazel runs there, wait for it or end it")

// Remove removes a folder in which Bazel has built: it takes the write
// permission from what is done.
func Remove(folder string) error {
	if _, err := os.Lstat(folder); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(path, 0o700)
		}
		return err
	})
	if err := errors.Join(err, os.RemoveAll(folder)); err != nil {
		return fmt.Errorf("removing %s: %w", folder, err)
	}
	return nil
}

// startupOf are the options before the command.
func startupOf(args []string) []string {
	for i, arg := range args {
		if !strings.HasPrefix(arg, "-") {
			return slices.Clone(args[:i])
		}
	}
	return slices.Clone(args)
}
