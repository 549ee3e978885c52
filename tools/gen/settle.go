package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// errStale means that a committed file is not what its source gives.
var errStale = errors.New("differs from its source, run ./dev gen")

// settle makes path hold want, or with check fails when it does not.
func settle(path string, want []byte, check bool) error {
	got, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(got, want):
		return nil
	case check:
		return fmt.Errorf("%s %w", filepath.Base(path), errStale)
	}
	if err := os.WriteFile(path, want, 0o644); err != nil {
		return fmt.Errorf("writing generated code: %w", err)
	}
	return nil
}
