package bazel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/osiriscare/osiris/tools/internal/repo"
)

// suite is the Debian release whose Bazel is used: the first with a Bazel of
// version 7 (7.7.1 on 2026-11-22).
const suite = "forky"

// packages are unpacked with what they depend on: Bazel with its rule sets, and
// what the tests of this tree use. No package is installed, so nothing of them
// runs before Bazel does.
var packages = []string{
	"?essential", // coreutils, sed, grep and the like, which apt takes as given
	"bazel-bootstrap", "bazel-rules-shell",
	"ca-certificates", "git",
	"libsqlite3-0", "openssl",
}

// roomNeeded is for the tree, the packages and one build, in bytes.
const roomNeeded = 8 << 30

// debian is a Bazel in a folder of its own.
type debian struct {
	dirs Dirs
	root string // of the checkout
	log  io.Writer
}

// tree is the unpacked Debian.
func (d *debian) tree() string { return filepath.Join(d.dirs.Cache, "debian-"+suite) }

// mark is written when the tree is complete, and names what is in it.
func (d *debian) mark() string { return filepath.Join(d.tree(), "osiris-complete") }

func (d *debian) about() string {
	said, err := os.ReadFile(d.mark())
	if err != nil {
		return "Debian's Bazel"
	}
	return strings.TrimSpace(string(said)) + " in " + d.tree()
}

// make makes the tree once. What was fetched before an interruption is used.
func (d *debian) make(ctx context.Context) error {
	if err := d.can(ctx); err != nil {
		return err
	}
	if d.complete() {
		return nil
	}
	lock, err := take(d.dirs.Cache+".make.lock", d.log)
	if err != nil {
		return err
	}
	defer lock.Close() //nolint:errcheck // the lock ends with it
	if d.complete() {
		return nil // by the one we waited for
	}
	if err := errors.Join(os.RemoveAll(d.tree()), os.RemoveAll(d.part())); err != nil {
		return fmt.Errorf("removing an older tree: %w", err)
	}
	if err := d.enough(); err != nil {
		return err
	}
	fmt.Fprintf(d.log, "bazel: making %s from Debian's packages, once (about 350 MB to fetch)\n", d.tree())
	files, err := d.fetch(ctx)
	if err != nil {
		return err
	}
	if err := d.unpack(ctx, files, d.part()); err != nil {
		return err
	}
	if err := os.Rename(d.part(), d.tree()); err != nil {
		return fmt.Errorf("putting the tree in place: %w", err)
	}
	if err := d.try(ctx); err != nil {
		return errors.Join(err, os.RemoveAll(d.tree()))
	}
	return os.RemoveAll(d.apt())
}

// part is the tree until it is whole.
func (d *debian) part() string { return d.tree() + ".part" }

// complete tells whether the tree has been tried; one of another list of
// packages lacks some.
func (d *debian) complete() bool {
	said, err := os.ReadFile(d.mark())
	return err == nil && strings.Contains(string(said), strings.Join(packages, " "))
}

// can tells what is missing before anything is fetched.
func (d *debian) can(ctx context.Context) error {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return errors.New("a Bazel of our own is made on Linux on amd64 only: install bazelisk")
	}
	for _, program := range []string{"apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%s is missing, so this is no Debian to unpack Bazel from: install bazelisk", program)
		}
	}
	if err := os.MkdirAll(d.dirs.Cache, 0o755); err != nil {
		return fmt.Errorf("making the cache folder: %w; set OSIRIS_CACHE to a folder that can be written", err)
	}
	if err := mayEnter(ctx); err != nil {
		return fmt.Errorf("a mount namespace is refused (%w): run this as root, or install bazelisk", err)
	}
	return nil
}

// enough tells whether the disk has room; what an interrupted try has fetched
// counts as room.
func (d *debian) enough() error {
	free, err := room(d.dirs.Cache)
	if err != nil {
		return fmt.Errorf("measuring the cache folder: %w", err)
	}
	if free+weight(d.apt()) < roomNeeded {
		return fmt.Errorf("%s has %d MB free and %d are needed: set OSIRIS_CACHE to a folder with more", d.dirs.Cache, free>>20, int64(roomNeeded)>>20)
	}
	return nil
}

// weight is what the files of a folder hold, in bytes.
func weight(folder string) int64 {
	var sum int64
	_ = filepath.WalkDir(folder, func(_ string, e os.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // what cannot be seen does not count
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			sum += info.Size()
		}
		return nil
	})
	return sum
}

// unpack extracts every package and makes the few links that their scripts
// would have made.
func (d *debian) unpack(ctx context.Context, files []string, into string) error {
	if err := os.MkdirAll(into, 0o755); err != nil {
		return fmt.Errorf("making the tree: %w", err)
	}
	// base-files first: it has the links from /bin to /usr/bin that others follow.
	for _, first := range []bool{true, false} {
		for i, file := range files {
			if strings.HasPrefix(filepath.Base(file), "base-files_") != first {
				continue
			}
			if err := endWithUs(repo.Command(ctx, d.root, d.log, "dpkg-deb", "--extract", file, into)).Run(); err != nil {
				return fmt.Errorf("unpacking %s: %w", filepath.Base(file), err)
			}
			if i%50 == 49 {
				fmt.Fprintf(d.log, "bazel: unpacked %d of %d packages\n", i+1, len(files))
			}
		}
	}
	for link, target := range map[string]string{"usr/bin/awk": "mawk", "usr/bin/cc": "gcc", "usr/bin/java": "../lib/jvm/default-java/bin/java"} {
		path := filepath.Join(into, link)
		if _, err := os.Lstat(path); err == nil {
			continue
		}
		if err := os.Symlink(target, path); err != nil {
			return fmt.Errorf("linking %s: %w", link, err)
		}
	}
	for name, text := range map[string]string{
		"etc/passwd": "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
		"etc/group":  "root:x:0:\nnogroup:x:65534:\n",
	} {
		if err := os.WriteFile(filepath.Join(into, name), []byte(text), 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

// try asks the new Bazel for its version and marks the tree as complete.
func (d *debian) try(ctx context.Context) error {
	var said strings.Builder
	if err := d.enter(ctx, d.root, &said, &said, []string{"--version"}); err != nil {
		return fmt.Errorf("starting the unpacked Bazel: %w: %s", err, strings.TrimSpace(said.String()))
	}
	version := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(said.String()), "bazel "))
	if !fits(version) {
		return fmt.Errorf("debian's %s has Bazel %q now, and 7 or 8 is needed: install bazelisk", suite, version)
	}
	line := "Bazel " + version + " of Debian " + suite + " (" + strings.Join(packages, " ") + ")\n"
	if err := os.WriteFile(d.mark(), []byte(line), 0o644); err != nil {
		return fmt.Errorf("marking the tree: %w", err)
	}
	fmt.Fprintf(d.log, "bazel: %s", line)
	return nil
}
