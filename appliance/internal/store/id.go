package store

import (
	"context"
	"crypto/rand"
	"fmt"
)

// ID is the store's random id, 16 bytes (DESIGN D5). Agents that see another
// one send their whole state.
func (s *Store) ID(ctx context.Context) ([]byte, error) {
	var id []byte
	err := s.readers.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'store_id'").Scan(&id)
	if err != nil {
		return nil, fmt.Errorf("reading store id: %w", err)
	}
	return id, nil
}

// RenewID gives the store a new id inside a write: after a restore from backup
// what agents believe about the old one is void.
func RenewID(ctx context.Context, tx *Tx) error {
	id := make([]byte, 16)
	rand.Read(id) // never fails since Go 1.24
	if _, err := tx.ExecContext(ctx, "UPDATE meta SET value = ? WHERE name = 'store_id'", id); err != nil {
		return fmt.Errorf("renewing store id: %w", err)
	}
	return nil
}
