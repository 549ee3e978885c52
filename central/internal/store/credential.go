package store

import (
	"context"
	"database/sql"
	"errors"
)

// Credential is one for one appliance, sealed to its key.
type Credential struct {
	SiteID      SiteID
	Name        string
	ApplianceID ApplianceID
	Kind        int32 // central.v1.CredentialKind
	Version     uint64
	Sealed      []byte
	KeyID       []byte // SHA-256 of the sealing key
	MadeMs      int64
	MadeBy      string
	Reason      string // why the appliance cannot open it; empty otherwise
}

const credentialColumns = "site_id, name, appliance_id, kind, version, sealed, key_id, made_ms, made_by, reason"

func scanCredential(row scanner) (c Credential, err error) {
	return c, row.Scan(&c.SiteID, &c.Name, &c.ApplianceID, &c.Kind, &c.Version, &c.Sealed, &c.KeyID, &c.MadeMs, &c.MadeBy, &c.Reason)
}

// PutCredential keeps a credential for each of its appliances. The rows are of
// one site, name and version. Where rotate is false there must be none of that
// name, else one; the version must be above all that the name has had. What is not
// so is ErrConflict. Appliances that are not named lose the one they had.
func (s *Store) PutCredential(ctx context.Context, rows []Credential, rotate bool) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		c := rows[0]
		var held int
		var version uint64
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM credential WHERE site_id = ? AND name = ?", c.SiteID, c.Name).Scan(&held); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM credential_version WHERE site_id = ? AND name = ?",
			c.SiteID, c.Name).Scan(&version); err != nil {
			return err
		}
		if rotate != (held > 0) || c.Version <= version {
			return ErrConflict
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO credential_version (site_id, name, version) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET version = excluded.version`, c.SiteID, c.Name, c.Version); err != nil {
			return err
		}
		if err := wipeCredential(ctx, tx, c.SiteID, c.Name); err != nil {
			return err
		}
		for _, c := range rows {
			if _, err := tx.ExecContext(ctx, "INSERT INTO credential ("+credentialColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '')",
				c.SiteID, c.Name, c.ApplianceID, c.Kind, c.Version, c.Sealed, c.KeyID, c.MadeMs, c.MadeBy); err != nil {
				return err
			}
		}
		return nil
	})
}

// wipeCredential deletes a credential of every appliance.
func wipeCredential(ctx context.Context, tx *sql.Tx, site SiteID, name string) error {
	return wipe(ctx, tx, "DELETE FROM credential WHERE site_id = ? AND name = ?", site, name)
}

// wipe deletes rows and overwrites their bytes in the file.
func wipe(ctx context.Context, tx *sql.Tx, query string, args ...any) error {
	if _, err := tx.ExecContext(ctx, "PRAGMA secure_delete = ON"); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, query, args...)
	_, off := tx.ExecContext(ctx, "PRAGMA secure_delete = OFF")
	return errors.Join(err, off)
}

// RemoveCredential withdraws a credential from every appliance, or ErrNotFound.
// While targets name it that is ErrConflict, unless force.
func (s *Store) RemoveCredential(ctx context.Context, site SiteID, name string, force bool) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		var held, used int
		if err := tx.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM credential WHERE site_id = ?1 AND name = ?2),
			(SELECT count(*) FROM target WHERE site_id = ?1 AND (credential = ?2 OR scan_with = ?2))`, site, name).Scan(&held, &used); err != nil {
			return err
		}
		switch {
		case held == 0:
			return ErrNotFound
		case used > 0 && !force:
			return ErrConflict
		}
		return wipeCredential(ctx, tx, site, name)
	})
}

// Credentials lists a site's credentials by name; an empty appliance means all.
func (s *Store) Credentials(ctx context.Context, site SiteID, appliance ApplianceID) ([]Credential, error) {
	return list(ctx, s.reader, scanCredential, "SELECT "+credentialColumns+
		" FROM credential WHERE site_id = ? AND (? = '' OR appliance_id = ?) ORDER BY name, appliance_id", site, appliance, appliance)
}

// Reach is what an appliance last said of the lists that it holds.
type Reach struct {
	SealingKey       []byte // trust.v1.SignedEnvelope; empty before it registered one
	TargetsState     []byte
	CredentialsState []byte
}

// Reach reads it for an appliance of a site, or ErrNotFound.
func (s *Store) Reach(ctx context.Context, site SiteID, id ApplianceID) (r Reach, err error) {
	err = s.reader.QueryRowContext(ctx, "SELECT sealing_key, targets_state, credentials_state FROM appliance WHERE site_id = ? AND appliance_id = ?",
		site, id).Scan(&r.SealingKey, &r.TargetsState, &r.CredentialsState)
	return r, notFound(err)
}

// SaveReach keeps it.
func (s *Store) SaveReach(ctx context.Context, site SiteID, id ApplianceID, r Reach) error {
	return s.exec(ctx, "UPDATE appliance SET sealing_key = ?, targets_state = ?, credentials_state = ? WHERE site_id = ? AND appliance_id = ?",
		nonNil(r.SealingKey), nonNil(r.TargetsState), nonNil(r.CredentialsState), site, id)
}

// SaveProblem keeps why an appliance cannot open a version; an empty reason means
// that it can.
func (s *Store) SaveProblem(ctx context.Context, c Credential) error {
	return s.exec(ctx, "UPDATE credential SET reason = ? WHERE site_id = ? AND name = ? AND appliance_id = ? AND version = ? AND reason <> ?1",
		c.Reason, c.SiteID, c.Name, c.ApplianceID, c.Version)
}

// nonNil makes an empty blob of nil, which the driver takes for NULL.
func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
