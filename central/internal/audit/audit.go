// Package audit is the append-only record of what operators did and what was
// refused to them. The store's triggers keep lines from being changed. A call
// whose line cannot be written fails: what is not recorded was not allowed.
package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/central/internal/auth"
	"github.com/osiriscare/osiris/central/internal/store"
)

// Store appends lines.
type Store interface {
	AddAudit(ctx context.Context, a store.Audit) error
}

// Log is the audit log.
type Log struct{ store Store }

// New makes the log.
func New(s *store.Store) *Log { return &Log{store: s} }

// maxWords bounds each text of a line.
const maxWords = 512

// Record appends what the operator of ctx did to a subject of a site; failure is
// nil when it was done.
func (l *Log) Record(ctx context.Context, action string, site store.SiteID, subject string, failure error) error {
	outcome := "ok"
	if failure != nil {
		outcome = failure.Error()
	}
	actor := auth.Operator(ctx)
	if actor == "" {
		actor = "nobody"
	}
	// The line outlives the caller's patience: it must be written even if the
	// connection is gone.
	err := l.store.AddAudit(context.WithoutCancel(ctx), store.Audit{
		AtMs: time.Now().UnixMilli(), Actor: clip(actor), Action: action, SiteID: site, Subject: clip(subject), Outcome: clip(outcome),
	})
	if err != nil {
		return fmt.Errorf("writing audit log: %w", err)
	}
	return nil
}

func clip(s string) string {
	if len(s) > maxWords {
		return s[:maxWords]
	}
	return s
}
