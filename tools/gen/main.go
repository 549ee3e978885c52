// Command gen makes everything generated of the project again: protobuf from
// proto/, pages from *.templ, and Bazel's deps.bzl and BUILD files from go.mod
// and the Go files. With --check it writes nothing and fails when a committed
// file differs from what its source gives.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/osiriscare/osiris/tools/internal/repo"
)

func main() {
	check := flag.Bool("check", false, "write nothing, fail when a committed file differs")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), "Usage: ./dev gen [--check]\n\nMakes again what is generated: proto/**.go, *_templ.go, deps.bzl and the rules in BUILD.bazel files.\n\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *check); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, check bool) error {
	root, err := repo.Root()
	if err != nil {
		return err
	}
	return errors.Join(protobuf(ctx, root, check), pages(ctx, root, check), repositories(ctx, root, check), builds(ctx, root, check))
}

func protobuf(ctx context.Context, root string, check bool) error {
	args := []string{"run", "-buildvcs=false", "./tools/protogen"}
	if check {
		args = append(args, "-check")
	}
	if err := repo.Command(ctx, root, os.Stderr, "go", args...).Run(); err != nil {
		return fmt.Errorf("generating from proto/: %w", err)
	}
	return nil
}

// pages runs templ on each source by itself, which makes check and write the
// same and takes no notice of what else lies in the folder.
func pages(ctx context.Context, root string, check bool) error {
	sources, err := templates(root)
	if err != nil {
		return err
	}
	var stale []string
	for _, source := range sources {
		// The path that is given goes into the code, so it is the bare name.
		cmd := exec.CommandContext(ctx, "go", "tool", "templ", "generate", "-stdout", "-f", filepath.Base(source))
		cmd.Dir, cmd.Stderr = filepath.Join(root, filepath.Dir(source)), os.Stderr
		want, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("generating from %s: %w", source, err)
		}
		target := filepath.Join(root, strings.TrimSuffix(source, ".templ")+"_templ.go")
		got, err := os.ReadFile(target)
		switch {
		case err == nil && bytes.Equal(got, want):
		case check:
			stale = append(stale, source)
		default:
			if err := os.WriteFile(target, want, 0o644); err != nil {
				return fmt.Errorf("writing %s: %w", target, err)
			}
		}
	}
	if len(stale) > 0 {
		return errors.New("pages differ from their source, run ./dev gen: " + strings.Join(stale, ", "))
	}
	return nil
}

func templates(root string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "dist" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".templ") {
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			found = append(found, rel)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking for templates: %w", err)
	}
	return found, nil
}
