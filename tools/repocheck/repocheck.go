// Package repocheck reads the project's own sources, so that its tests can hold
// rules that no linter knows: one package doc a package, files a reader can
// survey, imports that point one way, nothing of a developer's machine. Paths
// are relative to the checkout and use slashes.
package repocheck

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Module is the import path of the project.
const Module = "github.com/osiriscare/osiris"

// File is one Go source file.
type File struct {
	Path      string
	Lines     int
	Generated bool
	Syntax    *ast.File
}

// Test tells whether the file is compiled for tests only.
func (f File) Test() bool { return strings.HasSuffix(f.Path, "_test.go") }

// Imports lists the paths that the file imports.
func (f File) Imports() []string {
	var paths []string
	for _, spec := range f.Syntax.Imports {
		paths = append(paths, strings.Trim(spec.Path.Value, `"`))
	}
	return paths
}

// Tracked lists the files of the checkout that are committed or about to be;
// a checkout without git (a copy) is walked.
func Tracked(ctx context.Context, root string) ([]string, error) {
	// Names end in NUL, so that no name can be misread.
	cmd := exec.CommandContext(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return walk(root)
	}
	var paths []string
	for p := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		// A file that was deleted and not yet committed is still listed.
		if info, err := os.Stat(filepath.Join(root, p)); err == nil && info.Mode().IsRegular() {
			paths = append(paths, p)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

func walk(root string) ([]string, error) {
	var paths []string
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == ".cache" || d.Name() == "dist") {
			return filepath.SkipDir
		}
		if d.Type().IsRegular() {
			rel, err := filepath.Rel(root, name)
			if err != nil {
				return err
			}
			paths = append(paths, filepath.ToSlash(rel))
		}
		return nil
	})
	return paths, err
}

// GoFiles parses every Go file of the project that is not a test's input.
func GoFiles(ctx context.Context, root string) ([]File, error) {
	paths, err := Tracked(ctx, root)
	if err != nil {
		return nil, fmt.Errorf("listing the project: %w", err)
	}
	var files []File
	for _, p := range paths {
		if path.Ext(p) != ".go" || strings.Contains(p, "testdata/") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, p))
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since it was listed
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", p, err)
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), p, content, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("parsing %s: %w", p, err)
		}
		files = append(files, File{p, bytes.Count(content, []byte("\n")), ast.IsGenerated(syntax), syntax})
	}
	return files, nil
}
