// Package release handles the folder that //:release makes: programs and a file
// SHA256SUMS as sha256sum(1) writes it. Sizes are bytes. A file that its sums do
// not name, or name otherwise, is an error.
package release

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Sums is the name of the file with the sums.
const Sums = "SHA256SUMS"

// File is one program.
type File struct {
	Name   string
	Bytes  int64
	SHA256 string // lower-case hex
}

// ErrSum means that a file is not the one of which the sum was taken.
var ErrSum = errors.New("differs from its sum")

// Read checks a folder against its sums, in their order.
func Read(folder string) ([]File, error) {
	sums, err := os.ReadFile(filepath.Join(folder, Sums))
	if err != nil {
		return nil, fmt.Errorf("reading the sums: %w", err)
	}
	var files []File
	lines := bufio.NewScanner(bytes.NewReader(sums))
	for lines.Scan() {
		sum, name, ok := strings.Cut(lines.Text(), "  ")
		if !ok || name != filepath.Base(name) {
			return nil, fmt.Errorf("reading the sums: a line is %q", lines.Text())
		}
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, fmt.Errorf("reading a program: %w", err)
		}
		have := sha256.Sum256(content)
		if hex.EncodeToString(have[:]) != sum {
			return nil, fmt.Errorf("%s %w", name, ErrSum)
		}
		files = append(files, File{name, int64(len(content)), sum})
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("listing the release: %w", err)
	}
	if len(files) == 0 || len(entries) != len(files)+1 {
		return nil, fmt.Errorf("%s has %d files and sums for %d", folder, len(entries)-1, len(files))
	}
	return files, lines.Err()
}

// Copy makes to a checked copy of from, in place of what was there.
func Copy(from, to string) ([]File, error) {
	files, err := Read(from)
	if err != nil {
		return nil, err
	}
	part := to + ".part"
	if err := errors.Join(os.RemoveAll(part), os.MkdirAll(part, 0o755)); err != nil {
		return nil, fmt.Errorf("making the folder: %w", err)
	}
	for _, f := range files {
		if err := copyFile(filepath.Join(from, f.Name), filepath.Join(part, f.Name), 0o755); err != nil {
			return nil, err
		}
	}
	if err := copyFile(filepath.Join(from, Sums), filepath.Join(part, Sums), 0o644); err != nil {
		return nil, err
	}
	if err := errors.Join(os.RemoveAll(to), os.Rename(part, to)); err != nil {
		return nil, fmt.Errorf("putting the release in place: %w", err)
	}
	return Read(to)
}

func copyFile(from, to string, mode fs.FileMode) error {
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, mode)
	}
	if err != nil {
		return fmt.Errorf("copying %s: %w", filepath.Base(from), err)
	}
	return nil
}
