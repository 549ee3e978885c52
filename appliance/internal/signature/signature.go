// Package signature holds the newest signed list that recognises remote
// management software, and hands it to agents (trust.v1.SignatureList). The list
// comes as a file beside the appliance's data, put there by whoever updates the
// appliance; it is believed only under the release keys that are compiled in,
// and never steps back, because the newest is kept in state.db. Agents verify it
// again. Times are Unix milliseconds. The errors of Offer are those of
// shared/catalog/rmm and shared/trust.
package signature

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/appliance/internal/store"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/catalog/rmm"
	"github.com/osiriscare/osiris/shared/trust"
)

//go:embed schema.sql
var schema string

// Schema is this package's table.
var Schema = store.Schema{Owner: "signature", Steps: []string{schema}}

// Config says where lists come from and who may sign them.
type Config struct {
	File string
	// Keys are the release keys; without any no list is taken.
	Keys []ed25519.PublicKey
}

// Holder has the list in force.
type Holder struct {
	cfg   Config
	store *store.Store
	log   *slog.Logger

	mu      sync.Mutex // one Offer at a time
	current atomic.Pointer[held]
	changed chan struct{} // closed and replaced when current changes
}

type held struct {
	version  uint64
	envelope *trustv1.SignedEnvelope
}

// New reads what the store holds.
func New(ctx context.Context, cfg Config, st *store.Store, log *slog.Logger) (*Holder, error) {
	h := &Holder{cfg: cfg, store: st, log: log.With("component", "signature"), changed: make(chan struct{})}
	h.current.Store(&held{})
	var body []byte
	err := st.Reader().QueryRowContext(ctx, "SELECT body FROM signature_list").Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return h, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading stored signature list: %w", err)
	}
	next, _, err := h.open(body)
	if err != nil {
		// Its key was withdrawn, or this build has none: agents would refuse it.
		h.log.WarnContext(ctx, "stored signature list not used", "error", err)
		return h, nil
	}
	h.current.Store(next)
	return h, nil
}

// Current is the list's version, 0 without one, and its envelope.
func (h *Holder) Current() (version uint64, envelope *trustv1.SignedEnvelope) {
	c := h.current.Load()
	return c.version, c.envelope
}

// Changed is closed at the next change after the call.
func (h *Holder) Changed() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.changed
}

// Offer takes a newer list, an encoded envelope, and reports whether it did.
// Older, expired or foreign ones are refused and change nothing.
func (h *Holder) Offer(ctx context.Context, body []byte) (changed bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	next, list, err := h.open(body)
	if err != nil {
		return false, err
	}
	switch version, _ := h.Current(); {
	case next.version == version:
		return false, nil
	case next.version < version:
		return false, fmt.Errorf("%w: version %d, held %d", trust.ErrOlder, next.version, version)
	case time.Now().UnixMilli() >= list.GetExpiresMs():
		return false, trust.ErrExpired
	}
	err = h.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO signature_list (one, body) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET body = excluded.body", body)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("storing signature list: %w", err)
	}
	h.current.Store(next)
	close(h.changed)
	h.changed = make(chan struct{})
	h.log.InfoContext(ctx, "signature list taken", "version", next.version, "products", len(list.GetProducts()))
	return true, nil
}

func (h *Holder) open(body []byte) (*held, *trustv1.SignatureList, error) {
	envelope := &trustv1.SignedEnvelope{}
	if err := proto.Unmarshal(body, envelope); err != nil {
		return nil, nil, fmt.Errorf("reading signature list: %w", err)
	}
	list, err := rmm.Open(envelope, h.cfg.Keys)
	if err != nil {
		return nil, nil, fmt.Errorf("opening signature list: %w", err)
	}
	return &held{version: list.GetVersion(), envelope: envelope}, list, nil
}
