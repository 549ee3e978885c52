package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// dataDir gives an empty folder that can be written to, as an absolute path.
func dataDir(given string) (string, error) {
	if given == "" {
		dir, err := os.MkdirTemp("", "osiris-up-")
		if err != nil {
			return "", fmt.Errorf("making a data folder: %w; give one with --data", err)
		}
		return dir, nil
	}
	dir, err := filepath.Abs(given)
	if err != nil {
		return "", fmt.Errorf("finding the data folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("the data folder %s cannot be made: %w", dir, bare(err))
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("the data folder %s cannot be read: %w", dir, bare(err))
	}
	if len(entries) > 0 {
		return "", fmt.Errorf("the data folder %s is not empty: give a new one", dir)
	}
	// Only writing tells whether it can be written to, as root above all.
	probe, err := os.CreateTemp(dir, ".probe-")
	if err != nil {
		return "", fmt.Errorf("the data folder %s is read-only: %w", dir, bare(err))
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return "", fmt.Errorf("trying the data folder %s: %w", dir, bare(err))
	}
	return dir, nil
}

// bare drops the path that the sentence has already named.
func bare(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
