package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"modernc.org/sqlite"
)

// maxStatements bounds the prepared statements kept. Queries are constants in
// the code, so the bound is met only by a mistake.
const maxStatements = 512

// Tx is what a write works with. Statements are prepared once per query text
// and kept, since preparing costs more than running a small one.
type Tx struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func newTx(conn *sql.Conn) *Tx { return &Tx{conn: conn, stmts: map[string]*sql.Stmt{}} }

// ExecContext runs a statement. A cancelled ctx does not interrupt it, because
// SQLite then rolls back the whole transaction, other writes included.
func (t *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx = context.WithoutCancel(ctx)
	stmt, err := t.prepare(ctx, query)
	if err != nil || stmt == nil {
		if err != nil {
			return nil, err
		}
		return t.conn.ExecContext(ctx, query, args...)
	}
	return stmt.ExecContext(ctx, args...)
}

// QueryContext runs a query; the caller closes the rows before the next Write.
func (t *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx = context.WithoutCancel(ctx)
	stmt, err := t.prepare(ctx, query)
	if err != nil || stmt == nil {
		if err != nil {
			return nil, err
		}
		return t.conn.QueryContext(ctx, query, args...)
	}
	return stmt.QueryContext(ctx, args...)
}

// QueryRowContext runs a query that gives one row at most.
func (t *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	ctx = context.WithoutCancel(ctx)
	stmt, err := t.prepare(ctx, query)
	if err != nil || stmt == nil {
		return t.conn.QueryRowContext(ctx, query, args...) // says the error again
	}
	return stmt.QueryRowContext(ctx, args...)
}

// prepare returns nil when the table of statements is full.
func (t *Tx) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt := t.stmts[query]; stmt != nil {
		return stmt, nil
	}
	if len(t.stmts) >= maxStatements {
		return nil, nil
	}
	stmt, err := t.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	t.stmts[query] = stmt
	return stmt, nil
}

func (t *Tx) close() {
	for _, stmt := range t.stmts {
		_ = stmt.Close() // the connection goes next and frees what this leaves
	}
}

func isNoTransaction(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && strings.Contains(e.Error(), "no transaction is active")
}
