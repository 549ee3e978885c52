package store

import (
	"context"
	"database/sql"
)

// AddToken keeps the hash of an operator token.
func (s *Store) AddToken(ctx context.Context, hash []byte, name string, nowMs int64) error {
	return s.exec(ctx, "INSERT INTO token (token_hash, name, created_ms) VALUES (?, ?, ?)", hash, name, nowMs)
}

// TokenName is the name of a live token or ErrNotFound.
func (s *Store) TokenName(ctx context.Context, hash []byte) (name string, err error) {
	err = s.reader.QueryRowContext(ctx, "SELECT name FROM token WHERE token_hash = ? AND revoked_ms = 0", hash).Scan(&name)
	return name, notFound(err)
}

// AddLoginCode keeps the hash of a single-use sign-in code.
func (s *Store) AddLoginCode(ctx context.Context, hash []byte, expiresMs int64) error {
	return s.exec(ctx, "INSERT INTO login_code (code_hash, expires_ms) VALUES (?, ?)", hash, expiresMs)
}

// UseLoginCode turns a code into a session, once; ErrNotFound when it is
// unknown, used or expired.
func (s *Store) UseLoginCode(ctx context.Context, code, session []byte, name string, nowMs, expiresMs int64) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx,
			"UPDATE login_code SET used_ms = ?1 WHERE code_hash = ?2 AND used_ms = 0 AND expires_ms > ?1", nowMs, code)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n != 1 {
			if err == nil {
				err = ErrNotFound
			}
			return err
		}
		return addSession(ctx, tx, session, name, nowMs, expiresMs)
	})
}

// AddSession keeps the hash of a session.
func (s *Store) AddSession(ctx context.Context, hash []byte, name string, nowMs, expiresMs int64) error {
	return s.write(ctx, func(tx *sql.Tx) error { return addSession(ctx, tx, hash, name, nowMs, expiresMs) })
}

// addSession also drops what has expired, so that the table stays small.
func addSession(ctx context.Context, tx *sql.Tx, hash []byte, name string, nowMs, expiresMs int64) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM session WHERE expires_ms <= ?", nowMs); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO session (session_hash, name, created_ms, expires_ms) VALUES (?, ?, ?, ?)",
		hash, name, nowMs, expiresMs)
	return err
}

// SessionName is the name of a live session or ErrNotFound.
func (s *Store) SessionName(ctx context.Context, hash []byte, nowMs int64) (name string, err error) {
	err = s.reader.QueryRowContext(ctx, "SELECT name FROM session WHERE session_hash = ? AND expires_ms > ?", hash, nowMs).Scan(&name)
	return name, notFound(err)
}

// EndSession forgets a session.
func (s *Store) EndSession(ctx context.Context, hash []byte) error {
	return s.exec(ctx, "DELETE FROM session WHERE session_hash = ?", hash)
}
