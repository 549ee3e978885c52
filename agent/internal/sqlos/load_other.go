//go:build !osiris_modernc && !windows && !linux && !darwin

package sqlos

import (
	"errors"
	"fmt"
)

type engine struct{}

func newEngine() (*engine, error) {
	return nil, fmt.Errorf("loading the system's SQLite: %w; use an agent built with -tags osiris_modernc", errors.ErrUnsupported)
}

func (e *engine) close() {}

func (e *engine) call(symbol, ...uintptr) uintptr { return 0 }
