package update

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/osiriscare/osiris/appliance/internal/store"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/release"
	"github.com/osiriscare/osiris/shared/release/tuf"
)

// judge lets go-tuf judge the folder and shared/release what agents will get of
// it, and compares the two. What go-tuf took of it is kept, so that an older
// folder is refused after a restart, too.
func (u *Update) judge(ctx context.Context, encoded []byte, b *trustv1.ReleaseBundle) error {
	if u.Roots == nil {
		return nil
	}
	kept, err := u.kept(ctx)
	if err != nil {
		return err
	}
	now := u.now()
	err = kept.Update(os.DirFS(u.Dir), now)
	if keepErr := u.keep(ctx, kept); keepErr != nil {
		return keepErr
	}
	if err != nil {
		return fmt.Errorf("judging as go-tuf: %w", err)
	}
	agent, err := release.Open(u.Roots, nil)
	if err == nil {
		err = agent.Update(encoded, now.UnixMilli())
	}
	if err != nil {
		return fmt.Errorf("judging as an agent: %w", err)
	}
	return kept.Same(b)
}

// kept is what was trusted at the last look. Damaged, it is begun anew: what is
// compiled in still decides.
func (u *Update) kept(ctx context.Context) (*tuf.Store, error) {
	var kept []byte
	err := u.Store.Reader().QueryRowContext(ctx, "SELECT kept FROM update_trust").Scan(&kept)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("reading trusted metadata: %w", err)
	}
	s, err := tuf.Open(u.Roots, kept)
	if err != nil {
		u.log.ErrorContext(ctx, "trusted metadata was damaged and begun anew", "error", err)
		return tuf.Open(u.Roots, nil)
	}
	return s, nil
}

func (u *Update) keep(ctx context.Context, s *tuf.Store) error {
	kept, err := s.Kept()
	if err == nil && len(kept) > 0 {
		err = u.Store.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO update_trust (one, kept, refused) VALUES (1, ?, '')
				ON CONFLICT (one) DO UPDATE SET kept = excluded.kept WHERE kept <> excluded.kept`, kept)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("keeping trusted metadata: %w", err)
	}
	return nil
}

// tell keeps why the folder is not offered, empty when it is, and makes evidence
// of each new refusal: whoever put the folder there must know.
func (u *Update) tell(ctx context.Context, refused string) error {
	return u.Store.Write(ctx, func(tx *store.Tx) error {
		r, err := tx.ExecContext(ctx, `INSERT INTO update_trust (one, kept, refused) VALUES (1, x'', ?)
			ON CONFLICT (one) DO UPDATE SET refused = excluded.refused WHERE refused <> excluded.refused`, refused)
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		if err != nil || n == 0 || refused == "" {
			return err
		}
		return u.Drafts(ctx, tx, u.refusal(refused))
	})
}
