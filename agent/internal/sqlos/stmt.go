package sqlos

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// From sqlite3.h.
const (
	stepRow  = 100
	stepDone = 101
	typeNull = 5
)

// space is SQL's white space.
const space = " \t\n\f\r"

// transient tells SQLite to copy a bound value before the call returns.
const transient = ^uintptr(0)

// Stmt is a compiled statement, used inside the Tx that made it.
type Stmt struct {
	db     *DB
	handle uintptr
	text   string // key in the cache; empty when not to be cached
}

// compile compiles the first statement of sql; s is nil when there is none.
func (db *DB) compile(sql string) (s *Stmt, rest string, err error) {
	text, err := db.buf.text(sql)
	if err != nil {
		return nil, "", err
	}
	poke(db.out, 0)
	poke(db.out+8, text)
	rc := int32(db.eng.call(symPrepare, db.conn, text, uintptr(len(sql)), db.out, db.out+8))
	if rc != 0 {
		return nil, "", db.fail(rc)
	}
	rest = strings.Trim(sql[min(peek(db.out+8)-text, uintptr(len(sql))):], space)
	handle := peek(db.out)
	if handle == 0 {
		return nil, rest, nil
	}
	s = &Stmt{db: db, handle: handle}
	if rest == "" {
		s.text = sql
	}
	return s, rest, nil
}

// Bind sets the statement's parameters in order, from the first.
func (s *Stmt) Bind(args ...any) error {
	for i, a := range args {
		if err := s.bind(i+1, a); err != nil {
			return fmt.Errorf("binding argument %d: %w", i+1, err)
		}
	}
	return nil
}

func (s *Stmt) bind(at int, arg any) error {
	switch v := arg.(type) {
	case nil:
		return s.check(s.db.eng.call(symBindNull, s.handle, uintptr(at)))
	case int64:
		return s.bindInt(at, v)
	case int:
		return s.bindInt(at, int64(v))
	case uint64:
		if v > math.MaxInt64 {
			return errors.New("the number does not fit SQLite's 64-bit integer")
		}
		return s.bindInt(at, int64(v))
	case bool:
		if v {
			return s.bindInt(at, 1)
		}
		return s.bindInt(at, 0)
	case string:
		return s.bindBytes(symBindText, at, v)
	case []byte:
		return s.bindBytes(symBindBlob, at, string(v))
	}
	return errors.New("unsupported type")
}

func (s *Stmt) bindInt(at int, v int64) error {
	return s.check(s.db.eng.call(symBindInt64, s.handle, uintptr(at), uintptr(v)))
}

func (s *Stmt) bindBytes(fn symbol, at int, v string) error {
	if len(v) > math.MaxInt32-1 {
		return errors.New("the value is over 2 GB")
	}
	p, err := s.db.buf.text(v) // never a null pointer, which would mean NULL
	if err != nil {
		return err
	}
	rc := s.db.eng.call(fn, s.handle, uintptr(at), p, uintptr(len(v)), transient)
	s.db.buf.shrink()
	return s.check(rc)
}

// Step runs the statement to its next row. It answers false at the end.
func (s *Stmt) Step() (bool, error) {
	if s.handle == 0 {
		return false, errors.New("stepping: the statement is finalised")
	}
	switch rc := int32(s.db.eng.call(symStep, s.handle)); rc {
	case stepRow:
		return true, nil
	case stepDone:
		return false, nil
	default:
		err := s.db.fail(rc)
		s.db.eng.call(symReset, s.handle)
		return false, err
	}
}

func (s *Stmt) drain(args []any) error {
	if err := s.Bind(args...); err != nil {
		return err
	}
	for {
		if more, err := s.Step(); err != nil || !more {
			return err
		}
	}
}

// ColumnInt64 is column i, counted from 0, of the current row as a number.
func (s *Stmt) ColumnInt64(i int) int64 {
	if s.handle == 0 {
		return 0
	}
	return int64(s.db.eng.call(symColumnInt64, s.handle, uintptr(i)))
}

// ColumnBytes is a copy of column i; nil for NULL and for an empty value.
func (s *Stmt) ColumnBytes(i int) []byte {
	return append([]byte(nil), s.column(i)...)
}

// ColumnText is column i as a string.
func (s *Stmt) ColumnText(i int) string { return string(s.column(i)) }

// ColumnNull tells whether column i is NULL.
func (s *Stmt) ColumnNull(i int) bool {
	return s.handle == 0 || int32(s.db.eng.call(symColumnType, s.handle, uintptr(i))) == typeNull
}

// column is a view of C memory, valid until the next call on the statement.
func (s *Stmt) column(i int) []byte {
	if s.handle == 0 {
		return nil
	}
	p := s.db.eng.call(symColumnBlob, s.handle, uintptr(i)) // before column_bytes, as SQLite asks
	n := int32(s.db.eng.call(symColumnBytes, s.handle, uintptr(i)))
	if p == 0 || n <= 0 {
		return nil
	}
	return view(p, int(n))
}

// Reset makes the statement ready to run again; its parameters stay bound.
func (s *Stmt) Reset() {
	if s.handle != 0 {
		s.db.eng.call(symReset, s.handle) // repeats Step's error, which was reported
	}
}

// Finalize frees the statement. It is safe to call twice.
func (s *Stmt) Finalize() {
	if s.handle != 0 {
		s.db.eng.call(symFinalize, s.handle)
		s.handle = 0
	}
}

func (s *Stmt) check(rc uintptr) error {
	if int32(rc) != 0 {
		return s.db.fail(int32(rc))
	}
	return nil
}
