package probe

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// path is a file under the root.
func (p *Probe) path(name string) string { return filepath.Join(p.root, name) }

// readFile reads a whole file under the root, up to fileLimit. Errors name the
// path as the host's owner knows it.
func (p *Probe) readFile(name string) ([]byte, error) {
	f, err := os.Open(p.path(name))
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(f, fileLimit+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if len(content) > fileLimit {
		return nil, errors.New(name + " is larger than expected")
	}
	return content, nil
}

// exists tells whether a file is there; an error means that cannot be told.
func (p *Probe) exists(name string) (bool, error) {
	_, err := os.Stat(p.path(name))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
