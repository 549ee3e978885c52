package enroll

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
)

// tokenPrefix says what the text is and which version of it.
const tokenPrefix = "osiris-at1-"

// Kind of a token.
type Kind string

// Single tokens serve one machine. Rollout tokens lie in a file that every user
// of a domain can read, so what comes with them waits for approval.
const (
	Single  Kind = "single"
	Rollout Kind = "rollout"
)

// Token is what a new token is made from.
type Token struct {
	Kind  Kind
	Tier  trustlite.Tier
	Count int // machines; 1 for single
	Valid time.Duration
}

// check says what is wrong with the wish.
func (t Token) check() error {
	switch {
	case t.Kind != Single && t.Kind != Rollout:
		return fmt.Errorf("making token: kind %q is neither single nor rollout", t.Kind)
	case t.Kind == Single && t.Count != 1:
		return fmt.Errorf("making token: a single token serves 1 machine, not %d", t.Count)
	case t.Count < 1 || t.Count > 100000:
		return fmt.Errorf("making token: a count of %d is not between 1 and 100000", t.Count)
	case t.Tier < trustlite.Tier_TIER_MONITOR_ONLY || t.Tier > trustlite.Tier_TIER_FULL_REMEDIATION:
		return fmt.Errorf("making token: tier %d is not 0, 1 or 2", t.Tier)
	case t.Valid <= 0 || t.Valid > 366*24*time.Hour:
		return fmt.Errorf("making token: it cannot be valid for %s", t.Valid)
	}
	return nil
}

// NewToken stores a token's hash and returns its text, which nobody can read
// again. It works beside a running appliance.
func NewToken(ctx context.Context, st *store.Store, t Token) (string, error) {
	if err := t.check(); err != nil {
		return "", err
	}
	secret := make([]byte, 32)
	rand.Read(secret) // never fails since Go 1.24
	text := tokenPrefix + hex.EncodeToString(secret)
	hash := sha256.Sum256([]byte(text))
	now := time.Now()
	err := st.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO token (hash, kind, tier, uses_left, made_ms, expires_ms) VALUES (?,?,?,?,?,?)",
			hash[:], string(t.Kind), int64(t.Tier), t.Count, now.UnixMilli(), now.Add(t.Valid).UnixMilli())
		return err
	})
	if err != nil {
		return "", fmt.Errorf("storing token: %w", err)
	}
	return text, nil
}
