package credential

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/osiriscare/osiris/appliance/internal/store"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/credential"
)

// replace makes the list the only one there is. What in it is older than what was
// held does not come back: a newer one that is held stays, and one that was
// withdrawn stays withdrawn, shown by a row without bytes. The rest of the list
// holds all the same, because it may withdraw something.
func (s *Store) replace(ctx context.Context, state []byte, list []*centralv1.SealedCredential) error {
	if len(list) > maxCredentials {
		return fmt.Errorf("%w: it has %d", errList, len(list))
	}
	for _, c := range list {
		if !credential.ValidName(c.GetName()) || credential.KindOf(c.GetKind()) == "" || c.GetVersion() == 0 || len(c.GetSealed()) > credential.MaxSealed {
			return fmt.Errorf("%w: %.100q of kind %d, version %d is not one", errList, c.GetName(), c.GetKind(), c.GetVersion())
		}
	}
	before, err := s.rows(ctx)
	if err != nil {
		return err
	}
	held := map[string]*centralv1.SealedCredential{}
	for _, c := range before {
		held[c.GetName()] = c
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		if err := wipe(ctx, tx); err != nil {
			return err
		}
		for _, c := range list {
			if err := add(ctx, tx, c, held[c.GetName()]); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO credential_state (one, state) VALUES (1, ?)
			ON CONFLICT DO UPDATE SET state = excluded.state`, state)
		return err
	})
}

// wipe deletes all rows and overwrites them in the file with zeros.
func wipe(ctx context.Context, tx *store.Tx) error {
	for _, statement := range []string{"PRAGMA secure_delete = ON", "DELETE FROM credential", "PRAGMA secure_delete = OFF"} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// add keeps a credential of a list, or the newer one that was held.
func add(ctx context.Context, tx *store.Tx, c, held *centralv1.SealedCredential) error {
	var highest uint64
	err := tx.QueryRowContext(ctx, "SELECT version FROM credential_version WHERE name = ?", c.GetName()).Scan(&highest)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	sealed := c.GetSealed()
	switch {
	case c.GetVersion() > highest, held != nil && len(held.GetSealed()) > 0 && c.GetVersion() == held.GetVersion():
	case held != nil && held.GetVersion() > c.GetVersion() && len(held.GetSealed()) > 0:
		c, sealed = held, held.GetSealed()
	default:
		sealed = []byte{}
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO credential_version (name, version) VALUES (?, ?)
		ON CONFLICT DO UPDATE SET version = max(version, excluded.version)`, c.GetName(), c.GetVersion()); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO credential (name, kind, version, sealed) VALUES (?, ?, ?, ?)",
		c.GetName(), string(credential.KindOf(c.GetKind())), c.GetVersion(), sealed)
	return err
}
