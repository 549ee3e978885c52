// Package sqlos is a small binding to the SQLite library that the operating
// system ships: winsqlite3.dll on Windows, libsqlite3 on macOS and Linux.
// Linking SQLite itself costs the agent 4.4 MB (measured 2026-11-21), this
// package 47 KB (Windows, 2026-11-22, beside a TLS client). The build tag
// osiris_modernc links a Go port instead, for a Linux without the library; that
// build is exempt from the size limit.
//
// A DB is one connection. Its mutex serialises all use, so goroutines may share
// it; inside Tx and View use only the handle that is passed in, never the DB.
// Every open file is in WAL mode with synchronous=FULL: when a call that writes
// has returned nil, the data has been through fsync (F_FULLFSYNC on macOS). It is
// locked for as long as it is open (locking_mode=EXCLUSIVE): then there is no -shm
// file, which on a full disk could not be made. Who looks at it meanwhile looks at
// a copy of it and its -wal.
//
// The -wal file keeps the blocks it once had, up to walLimit, as a reserve for a
// full disk: what is in it is moved into the database, and it begins anew.
//
// Arguments are int, int64, uint64 up to 1<<63-1, bool (0 or 1), string, []byte
// (always a BLOB, also when nil) and nil (NULL). No Go memory is handed to C:
// values are copied into C memory, results are copied out of it.
//
// Server 2019 ships SQLite 3.23 (second hand, 2026-11-21), so callers write old
// SQL: no UPSERT, RETURNING or STRICT. Only 64-bit targets are supported: an
// int64 travels in one machine word.
//
// Errors from SQLite are *Error with its extended result code; IsFull, IsBusy
// and IsCorrupt sort them. Source: sqlite.org/c3ref (read 2026-11-22).
package sqlos

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
)

// busyTimeoutMs is how long Open waits for another process, for example an
// operator's sqlite3 shell or an agent that is about to end, before SQLITE_BUSY.
const busyTimeoutMs = 5000

// walLimit bounds the -wal file: 100 pages of 4 KB, where SQLite's own 1,000 ate what
// was left of a disk (seen 2026-11-22), and whatever one transaction needs beyond,
// which is given back.
const walLimit = "wal_autocheckpoint=100; PRAGMA journal_size_limit=420000"

// cachedStatements bounds the prepared statements kept per connection. The
// agent has some forty distinct statements.
const cachedStatements = 64

// From sqlite3.h.
const (
	openReadWrite = 0x02
	openCreate    = 0x04
	openFullMutex = 0x10000
)

// DB is one open database file.
type DB struct {
	mu     sync.Mutex
	eng    *engine
	conn   uintptr
	out    uintptr // 16 bytes of C memory for results that come through pointers
	buf    buffer
	cache  map[string]*Stmt
	closed bool
}

// Open opens or makes the database file at path. A new file is readable by its
// owner only. It sets and checks WAL mode and full synchronisation.
func Open(path string) (*DB, error) {
	if path == "" || strings.IndexByte(path, 0) >= 0 {
		return nil, errors.New("opening database: the path is empty or holds a NUL byte")
	}
	eng, err := newEngine()
	if err != nil {
		return nil, err
	}
	// SQLite would make the file with mode 0644; its -wal and -shm files take
	// the mode of this one.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		eng.close()
		return nil, fmt.Errorf("opening database: %w", err)
	}
	if err := f.Close(); err != nil {
		eng.close()
		return nil, fmt.Errorf("opening database %s: %w", path, err)
	}
	db := &DB{eng: eng, buf: buffer{eng: eng}, cache: make(map[string]*Stmt)}
	if err := db.connect(path); err != nil {
		_ = db.release() // the error that led here is the one to report
		return nil, fmt.Errorf("opening database %s: %w", path, err)
	}
	return db, nil
}

func (db *DB) connect(path string) error {
	db.out = db.eng.call(symMalloc, 16)
	if db.out == 0 {
		return errNoMemory()
	}
	name, err := db.buf.text(path)
	if err != nil {
		return err
	}
	poke(db.out, 0)
	rc := int32(db.eng.call(symOpen, name, db.out, openReadWrite|openCreate|openFullMutex, 0))
	db.conn = peek(db.out) // set even on failure, unless memory ran out
	if rc != 0 {
		return db.fail(rc)
	}
	db.eng.call(symBusyTimeout, db.conn, busyTimeoutMs)
	return db.configure()
}

// configure sets the pragmas on which the durability promise rests and reads
// them back, because SQLite answers a refused journal mode without an error.
func (db *DB) configure() error {
	tx := &Tx{db: db}
	// The lock comes before WAL mode, so that SQLite never asks for shared memory.
	// fullfsync matters on macOS only, where plain fsync may leave data in the
	// drive's cache; elsewhere SQLite ignores it.
	err := tx.Exec("PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL; PRAGMA fullfsync=1; PRAGMA checkpoint_fullfsync=1; PRAGMA " + walLimit)
	if err != nil {
		return err
	}
	var mode string
	err = tx.Query("PRAGMA journal_mode=WAL", func(s *Stmt) error {
		mode = s.ColumnText(0)
		return nil
	})
	if err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("setting WAL mode: SQLite kept journal_mode=%s", mode)
	}
	var level int64
	err = tx.Query("PRAGMA synchronous", func(s *Stmt) error {
		level = s.ColumnInt64(0)
		return nil
	})
	if err != nil {
		return err
	}
	if level != 2 {
		return fmt.Errorf("setting synchronous=FULL: SQLite kept %d", level)
	}
	return nil
}

// Exec runs the statements in sql outside a transaction; args belong to the
// first and are allowed with a single statement only.
func (db *DB) Exec(sql string, args ...any) error {
	db.mu.Lock()
	tx := &Tx{db: db}
	err := tx.Exec(sql, args...)
	tx.end()
	db.mu.Unlock()
	return err
}

// Query runs one statement outside a transaction and calls row for each row.
func (db *DB) Query(sql string, row func(*Stmt) error, args ...any) error {
	db.mu.Lock()
	tx := &Tx{db: db}
	err := tx.Query(sql, row, args...)
	tx.end()
	db.mu.Unlock()
	return err
}

// Tx runs fn in a write transaction (BEGIN IMMEDIATE). It commits when fn
// returns nil and rolls back when fn returns an error or panics. On a full disk
// it makes what room it can and calls fn a second time.
func (db *DB) Tx(fn func(*Tx) error) error {
	const begin = "BEGIN IMMEDIATE"
	err := db.run(begin, fn)
	// The -wal file is not truncated: whoever fills the disk would have its blocks,
	// and nothing could be written at all.
	if IsFull(err) && db.Exec("PRAGMA wal_checkpoint(RESTART)") == nil {
		err = db.run(begin, fn)
	}
	return err
}

// View runs fn in a read transaction, so that all its queries see one state.
func (db *DB) View(fn func(*Tx) error) error { return db.run("BEGIN", fn) }

func (db *DB) run(begin string, fn func(*Tx) error) error {
	db.mu.Lock()
	tx := &Tx{db: db}
	open := false
	defer func() {
		// SQLite may have rolled back by itself, for example on SQLITE_FULL.
		if open && db.eng.call(symGetAutocommit, db.conn)&0xffffffff == 0 {
			_ = tx.Exec("ROLLBACK") // the error that led here is the one to report
		}
		tx.end()
		db.mu.Unlock()
	}()
	err := tx.Exec(begin)
	if err == nil {
		open = true
		err = fn(tx)
	}
	if err == nil {
		err = tx.Exec("COMMIT")
		open = err != nil
	}
	return err
}

// Close closes the file. It is safe to call twice; later calls on the DB return
// ErrClosed.
func (db *DB) Close() error {
	db.mu.Lock()
	var err error
	if !db.closed {
		err = db.release()
	}
	db.mu.Unlock()
	return err
}

func (db *DB) release() error {
	db.closed = true
	for _, s := range db.cache {
		db.eng.call(symFinalize, s.handle)
	}
	db.cache = nil
	var err error
	if db.conn != 0 {
		if rc := int32(db.eng.call(symClose, db.conn)); rc != 0 {
			err = &Error{Code: int(rc), Msg: "closing"}
		}
	}
	db.buf.free()
	if db.out != 0 {
		db.eng.call(symFree, db.out)
	}
	db.conn, db.out = 0, 0
	db.eng.close()
	return err
}
