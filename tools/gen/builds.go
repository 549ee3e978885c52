package main

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/osiriscare/osiris/tools/internal/repo"
)

// builds runs gazelle, which keeps the Go rules of the BUILD files in step with
// the Go files. Modules are named as deps.bzl names them, without asking anybody.
func builds(ctx context.Context, root string, check bool) error {
	args := []string{"tool", "gazelle", "update", "-external=static"}
	if check {
		args = append(args, "-mode=diff")
	}
	var said bytes.Buffer
	err := repo.Command(ctx, root, &said, "go", args...).Run()
	switch {
	case check && err != nil && bytes.Contains(said.Bytes(), []byte("\n+++ ")):
		return fmt.Errorf("BUILD files differ from the Go files, run ./dev gen:\n%s", said.String())
	case err != nil:
		return fmt.Errorf("running gazelle: %w\n%s", err, said.String())
	}
	// What gazelle says without failing (a name it cannot resolve) is for people.
	if _, err := os.Stderr.Write(said.Bytes()); err != nil {
		return err
	}
	return nil
}
