// Command reproduce shows that the release is the same bytes wherever it is
// built: it builds the last commit twice, in two folders with two output bases
// and without any earlier result, and compares every file. Then it compares the
// agent with a plain go build of the same flags and says what differs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/osiriscare/osiris/tools/internal/bazel"
	"github.com/osiriscare/osiris/tools/internal/release"
	"github.com/osiriscare/osiris/tools/internal/repo"
)

const usage = `Usage: ./dev reproduce [--against FOLDER]

Builds the last commit twice from nothing, in two folders, and compares every
file of //:release; then compares the agent with a plain go build. It takes as
long as two cold builds. With --against it builds once and compares with a
folder that another machine made of the same commit by ./dev build.

`

func main() {
	if bazel.Inside() {
		return
	}
	against := flag.String("against", "", "compare one build with the release in this `folder`")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), usage)
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *against, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "reproduce:", err)
		os.Exit(1)
	}
}

// build is one of the two.
type build struct {
	folder string // the checkout
	files  []release.File
}

// errDiffer is the verdict that this command exists for.
var errDiffer = errors.New("the builds differ")

func run(ctx context.Context, against string, out io.Writer) error {
	root, err := repo.Root()
	if err != nil {
		return err
	}
	dirs, err := bazel.DefaultDirs()
	if err != nil {
		return err
	}
	work := filepath.Join(dirs.Cache, "reproduce")
	if err := bazel.Remove(work); err != nil {
		return err
	}
	// Names of different lengths: a path in a program would move what follows.
	commit, err := lastCommit(ctx, root)
	if err != nil {
		return err
	}
	first, err := make(ctx, root, commit, filepath.Join(work, "first"), dirs)
	if err != nil {
		return err
	}
	var second build
	if against != "" {
		second.files, err = release.Read(against)
	} else {
		second, err = make(ctx, root, commit, filepath.Join(work, "a-folder-with-a-longer-name", "second"), dirs)
	}
	if err != nil {
		return err
	}
	same := compare(first.files, second.files, out)
	if err := explain(ctx, first, out); err != nil {
		return err
	}
	if !same {
		return errDiffer
	}
	fmt.Fprintf(out, "\nall %d files are the same bytes in both builds\n", len(first.files))
	return bazel.Remove(work)
}

// lastCommit is what both builds are of, also when work goes on meanwhile.
func lastCommit(ctx context.Context, root string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", "rev-parse", "HEAD")
	cmd.Dir = root
	said, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("asking git for the last commit: %w; ./dev reproduce needs a checkout made by git", err)
	}
	return strings.TrimSpace(string(said)), nil
}

// make builds a commit in a folder of its own, without earlier results.
func make(ctx context.Context, root, commit, folder string, dirs bazel.Dirs) (build, error) {
	b := build{folder: folder}
	for _, args := range [][]string{
		{"clone", "--quiet", "--no-hardlinks", "--no-checkout", root, folder},
		{"-C", folder, "checkout", "--quiet", "--detach", commit},
	} {
		if err := repo.Command(ctx, root, os.Stderr, "git", args...).Run(); err != nil {
			return b, fmt.Errorf("copying commit %s: %w", commit, err)
		}
	}
	dirs.Output, dirs.Disk = filepath.Join(dirs.Cache, "reproduce", "out-"+filepath.Base(folder)), ""
	tool, err := bazel.Find(ctx, b.folder, dirs, os.Stderr)
	if err != nil {
		return b, err
	}
	fmt.Fprintf(os.Stderr, "reproduce: building in %s with %s\n", b.folder, tool.About)
	start := time.Now()
	if err := tool.Run(ctx, b.folder, os.Stderr, os.Stderr, "build", "--noshow_progress", "//:release"); err != nil {
		return b, fmt.Errorf("building in %s: %w", b.folder, err)
	}
	fmt.Fprintf(os.Stderr, "reproduce: built in %.0f s\n", time.Since(start).Seconds())
	b.files, err = release.Read(filepath.Join(b.folder, "bazel-bin", "release"))
	return b, err
}

// compare prints each file with its sum and tells whether all are the same.
func compare(first, second []release.File, out io.Writer) bool {
	sums := map[string]string{}
	for _, f := range second {
		sums[f.Name] = f.SHA256
	}
	same := len(first) == len(second)
	for _, f := range first {
		word := "same"
		if sums[f.Name] != f.SHA256 {
			word, same = "DIFFERENT", false
		}
		fmt.Fprintf(out, "%-9s  %s  %10d  %s\n", word, f.SHA256, f.Bytes, f.Name)
	}
	return same
}

// stamped are the variables of package main, as in tools/bazel/binary.bzl.
var stamped = map[string]string{
	"BUILT": "built", "COMMIT": "commit", "VERSION": "version",
	"RELEASE_ROOTS": "releaseRoots", "SIGNATURE_KEYS": "signatureKeys",
}

// stamps are what tools/bazel/status.sh says of the commit.
func stamps(ctx context.Context, folder string) (string, error) {
	cmd := exec.CommandContext(ctx, "sh", "tools/bazel/status.sh")
	cmd.Dir = folder
	said, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("reading the commit's stamps: %w", err)
	}
	var flags strings.Builder
	for line := range strings.Lines(string(said)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if variable, ok := stamped[strings.TrimPrefix(name, "STABLE_OSIRIS_")]; ok {
			fmt.Fprintf(&flags, " -X main.%s=%s", variable, value)
		}
	}
	return flags.String(), nil
}
