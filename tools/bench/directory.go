package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"

	"github.com/osiriscare/osiris/e2e/binary"
	"github.com/osiriscare/osiris/e2e/lab/domain"
)

// directoryBench lists the 5,000 computers of a real Samba domain by
// benchappliance directory. The domain is in namespaces, so that this program runs
// itself again there. Where that cannot be, it says so and is no failure.
func directoryBench(ctx context.Context, root string, args []string) error {
	set := flag.NewFlagSet("bench directory", flag.ContinueOnError)
	dir := set.String("dir", os.TempDir(), "folder on the disk to measure")
	if err := set.Parse(args); err != nil {
		return err
	}
	if err := domain.Possible(); err != nil {
		fmt.Fprintln(os.Stderr, "bench: the directory is not measured:", err)
		return nil
	}
	if domain.Inside() {
		return directoryInside(ctx, os.Getenv(listerVariable), *dir)
	}
	path, err := binary.Build(ctx, root, "benchappliance")
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, "directory", "-dir", *dir)
	cmd.Env = append(os.Environ(), listerVariable+"="+path)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("measuring the directory: %w", err)
	}
	return nil
}

// listerVariable says in the namespaces which program lists.
const listerVariable = "OSIRIS_BENCH_LISTER"

func directoryInside(ctx context.Context, path, dir string) error {
	dc, err := domain.Start(ctx)
	if err != nil {
		return err
	}
	about, err := json.Marshal(map[string]any{
		"domain": domain.Name, "dns": domain.Address + ":53", "user": domain.User, "password": domain.Password, "ca": string(dc.CA.PEM()),
		"computers": domain.Count + 1, "listed": domain.Listed,
	})
	if err != nil {
		return err
	}
	if path == "" {
		return errors.New("nothing was built that lists")
	}
	cmd := exec.CommandContext(ctx, path, "directory", "-dir", dir)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(about), os.Stdout, os.Stderr
	return cmd.Run()
}
