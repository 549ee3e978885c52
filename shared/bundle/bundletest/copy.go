package bundletest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Copy copies the files under from to the new folder to as plain files, which
// is what verifying wants; a test that Bazel runs sees its data as links.
func Copy(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("copying test data: %w", err)
		}
		return os.WriteFile(filepath.Join(to, rel), content, 0o600)
	})
}
