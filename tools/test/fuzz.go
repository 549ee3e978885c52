package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/osiriscare/osiris/tools/internal/repo"
)

// target is one fuzz function.
type target struct{ folder, name string }

// fuzz runs every fuzz target of the tree for a short time.
func (s *suite) fuzz(ctx context.Context, out io.Writer) error {
	targets, err := fuzzTargets(s.root)
	if err != nil {
		return err
	}
	if len(targets) == 0 {
		return errors.New("no fuzz target was found")
	}
	var errs []error
	for _, t := range targets {
		start := time.Now()
		said, err := s.fuzzOne(ctx, t)
		if lateStop(said) {
			said, err = s.fuzzOne(ctx, t)
		}
		fmt.Fprintf(out, "%-60s %6.1fs\n", t.folder+"."+t.name, time.Since(start).Seconds())
		if err != nil {
			fmt.Fprintln(out, said)
			errs = append(errs, fmt.Errorf("fuzzing %s in %s: %w", t.name, t.folder, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}

// fuzzOne runs one target and returns what it said.
func (s *suite) fuzzOne(ctx context.Context, t target) (string, error) {
	var said bytes.Buffer
	err := repo.Command(ctx, s.root, &said, "go", "test", "-run=^$", "-fuzz=^"+t.name+"$",
		"-fuzztime="+s.fuzzTime.String(), "-fuzzminimizetime=5x", "./"+t.folder).Run()
	return said.String(), err
}

// lateStop recognises a worker that had not stopped when the time was up, which
// the fuzzer reports as a failure although no input failed (seen
// with Go 1.26.8 on 2026-11-22). Only then is a target run again.
func lateStop(said string) bool {
	return strings.Contains(said, "context deadline exceeded") && !strings.Contains(said, "Failing input written to")
}

// fuzzTargets finds every function FuzzX(*testing.F) of the tree.
func fuzzTargets(root string) ([]target, error) {
	var found []target
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "dist") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Fuzz") {
				found = append(found, target{filepath.ToSlash(folder), f.Name.Name})
			}
		}
		return nil
	})
	return found, err
}
