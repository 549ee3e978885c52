//go:build !osiris_modernc && (windows || linux || darwin)

package sqlos

import (
	"fmt"
	"sync"
)

// symbolNames are the functions of symbol.go without their prefix "sqlite3_".
// All exist since SQLite 3.8.7 (2014).
var symbolNames = [symbolCount]string{
	"open_v2", "close_v2", "busy_timeout", "prepare_v2", "step", "reset", "clear_bindings", "finalize",
	"bind_int64", "bind_text", "bind_blob", "bind_null",
	"column_int64", "column_type", "column_blob", "column_bytes",
	"errmsg", "extended_errcode", "last_insert_rowid", "changes", "get_autocommit", "malloc64", "free",
}

// engine holds the addresses of the library's functions.
type engine struct{ addr [symbolCount]uintptr }

// library is loaded once per process and stays loaded.
var library struct {
	mu  sync.Mutex
	eng *engine // nil before
}

func newEngine() (*engine, error) {
	library.mu.Lock()
	var err error
	if library.eng == nil {
		library.eng, err = loadEngine()
	}
	e := library.eng
	library.mu.Unlock()
	return e, err
}

func loadEngine() (*engine, error) {
	lookup, err := openLibrary()
	if err != nil {
		return nil, err
	}
	e := new(engine)
	for i, name := range symbolNames {
		if e.addr[i], err = lookup("sqlite3_" + name); err != nil {
			return nil, fmt.Errorf("finding sqlite3_%s in the system's SQLite: %w", name, err)
		}
	}
	return e, nil
}

func (e *engine) close() {}
