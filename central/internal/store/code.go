package store

import (
	"context"
	"database/sql"
)

// Code is a provisioning code; only its hash is kept.
type Code struct {
	Hash        []byte
	SiteID      SiteID
	CreatedMs   int64
	ExpiresMs   int64
	ApplianceID ApplianceID // empty until used
}

// AddCode inserts a code.
func (s *Store) AddCode(ctx context.Context, c Code) error {
	return s.exec(ctx, "INSERT INTO provisioning_code (code_hash, site_id, created_ms, expires_ms) VALUES (?, ?, ?, ?)",
		c.Hash, c.SiteID, c.CreatedMs, c.ExpiresMs)
}

// Code reads a code by its hash or ErrNotFound.
func (s *Store) Code(ctx context.Context, hash []byte) (Code, error) {
	c := Code{Hash: hash}
	var used sql.NullString
	err := s.reader.QueryRowContext(ctx,
		"SELECT site_id, created_ms, expires_ms, appliance_id FROM provisioning_code WHERE code_hash = ?", hash).
		Scan(&c.SiteID, &c.CreatedMs, &c.ExpiresMs, &used)
	c.ApplianceID = ApplianceID(used.String)
	return c, notFound(err)
}

// UseCode takes the code for an appliance and registers the appliance with its
// first log, all or nothing. ErrConflict means that the code was taken
// meanwhile.
func (s *Store) UseCode(ctx context.Context, hash []byte, a Appliance, l Log) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if err := useCode(ctx, tx, hash, a.ID); err != nil {
			return err
		}
		if err := addAppliance(ctx, tx, a); err != nil {
			return err
		}
		return addLog(ctx, tx, l)
	})
}

// ReuseCode takes the code for an appliance that is registered already and
// keeps its new certificates; otherwise as UseCode.
func (s *Store) ReuseCode(ctx context.Context, hash []byte, id ApplianceID, tls, ca []byte) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if err := useCode(ctx, tx, hash, id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE appliance SET tls_certificate = ?, ca_certificate = ? WHERE appliance_id = ?", tls, ca, id)
		return err
	})
}

func useCode(ctx context.Context, tx *sql.Tx, hash []byte, id ApplianceID) error {
	done, err := tx.ExecContext(ctx,
		"UPDATE provisioning_code SET appliance_id = ? WHERE code_hash = ? AND appliance_id IS NULL", id, hash)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n != 1 {
		return orConflict(err)
	}
	return nil
}

func orConflict(err error) error {
	if err == nil {
		return ErrConflict
	}
	return err
}
