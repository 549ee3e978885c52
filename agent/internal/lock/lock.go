// Package lock keeps a second agent out of a data folder: two would share one
// identity and one queue, and take each other's session for ever (seen
// 2026-11-22). The system drops the lock when its process ends, however it ends;
// the file stays and means nothing by itself. ErrTaken says that somebody else
// holds it.
package lock

import (
	"errors"
	"fmt"
	"os"
)

// ErrTaken means that another process has the lock.
var ErrTaken = errors.New("another osiris-agent is using the folder")

// Lock is held until Close.
type Lock struct{ file *os.File }

// Take locks the file at path and makes it when it is missing. It does not wait.
func Take(path string) (*Lock, error) {
	f, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return &Lock{file: f}, nil
}

// Close gives the lock back.
func (l *Lock) Close() error { return l.file.Close() }
