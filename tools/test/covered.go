package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bazelbuild/buildtools/build"
)

// uncovered lists the packages with tests that Bazel does not run, so that go
// test runs them, and none is run twice or by nobody.
func uncovered(ctx context.Context, root string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-f", "{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}", "./...")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	listed, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("listing the packages: %w", err)
	}
	var rest []string
	for dir := range strings.Lines(string(listed)) {
		dir = strings.TrimSpace(dir)
		if dir == "" {
			continue
		}
		has, err := bazelTests(filepath.Join(dir, "BUILD.bazel"))
		if err != nil {
			return nil, err
		}
		if !has {
			rel, err := filepath.Rel(root, dir)
			if err != nil {
				return nil, err
			}
			rest = append(rest, "./"+filepath.ToSlash(rel))
		}
	}
	return rest, nil
}

// bazelTests tells whether a BUILD file has a go_test that `bazel test //...`
// runs.
func bazelTests(path string) (bool, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading a BUILD file: %w", err)
	}
	file, err := build.ParseBuild(path, content)
	if err != nil {
		return false, fmt.Errorf("reading a BUILD file: %w", err)
	}
	for _, rule := range file.Rules("go_test") {
		tags := rule.AttrStrings("tags")
		if !slices.Contains(tags, "checkout") && !slices.Contains(tags, "manual") {
			return true, nil
		}
	}
	return false, nil
}
