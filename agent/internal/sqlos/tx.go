package sqlos

import (
	"errors"
	"strings"
)

// Tx is the right to use a DB, held inside DB.Tx and DB.View. It must not
// outlive the function it was passed to.
type Tx struct {
	db   *DB
	open []*Stmt
	done bool
}

// Exec runs the statements in sql; args belong to the first and are allowed
// with a single statement only. Rows are dropped.
func (tx *Tx) Exec(sql string, args ...any) error {
	for first := true; first || strings.Trim(sql, space) != ""; first = false {
		s, rest, err := tx.take(sql)
		if err != nil {
			return err
		}
		if s == nil { // only a comment or white space
			sql = rest
			continue
		}
		if rest != "" && len(args) > 0 {
			tx.give(s)
			return errors.New("running SQL: arguments need a single statement")
		}
		err = s.drain(args)
		tx.give(s)
		if err != nil {
			return err
		}
		sql = rest
	}
	return nil
}

// Query runs one statement and calls row for each row; an error from row ends
// the query and is returned.
func (tx *Tx) Query(sql string, row func(*Stmt) error, args ...any) error {
	s, err := tx.single(sql)
	if err != nil {
		return err
	}
	more := false
	if err = s.Bind(args...); err == nil {
		more, err = s.Step()
	}
	for more && err == nil {
		if err = row(s); err == nil {
			more, err = s.Step()
		}
	}
	tx.give(s)
	return err
}

// Prepare compiles one statement. It is finalised at the end of the Tx at the
// latest.
func (tx *Tx) Prepare(sql string) (*Stmt, error) {
	s, err := tx.single(sql)
	if err != nil {
		return nil, err
	}
	s.text = "" // not for the cache: the caller may keep it half stepped
	tx.open = append(tx.open, s)
	return s, nil
}

// LastInsertRowID is the rowid of the latest INSERT on this connection.
func (tx *Tx) LastInsertRowID() int64 {
	return int64(tx.db.eng.call(symLastInsertRowID, tx.db.conn))
}

// Changes is the number of rows the latest statement wrote.
func (tx *Tx) Changes() int {
	return int(int32(tx.db.eng.call(symChanges, tx.db.conn)))
}

func (tx *Tx) single(sql string) (*Stmt, error) {
	s, rest, err := tx.take(sql)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, errors.New("preparing SQL: no statement")
	}
	if rest != "" {
		tx.give(s)
		return nil, errors.New("preparing SQL: more than one statement")
	}
	return s, nil
}

// take returns a statement from the cache, or compiles the first one in sql and
// returns what follows it.
func (tx *Tx) take(sql string) (s *Stmt, rest string, err error) {
	if tx.done {
		return nil, "", errors.New("running SQL: the transaction has ended")
	}
	if tx.db.closed {
		return nil, "", ErrClosed
	}
	if s, ok := tx.db.cache[sql]; ok {
		delete(tx.db.cache, sql) // a nested use of the same text compiles its own
		return s, "", nil
	}
	return tx.db.compile(sql)
}

// give puts a statement back into the cache, or finalises it.
func (tx *Tx) give(s *Stmt) {
	if s.handle == 0 {
		return
	}
	db := tx.db
	db.eng.call(symReset, s.handle)
	db.eng.call(symClearBindings, s.handle)
	if _, taken := db.cache[s.text]; s.text != "" && !taken && len(db.cache) < cachedStatements {
		db.cache[s.text] = s
		return
	}
	s.Finalize()
}

func (tx *Tx) end() {
	tx.done = true
	for _, s := range tx.open {
		s.Finalize()
	}
}
