package publish

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/signed"

	"github.com/osiriscare/osiris/central/internal/keyring"
	"github.com/osiriscare/osiris/central/internal/store"
)

// DecisionStore holds what people decided about agents.
type DecisionStore interface {
	AddDecision(ctx context.Context, d store.Decision) error
	Decisions(ctx context.Context, site store.SiteID, after uint64, limit int) ([]store.Decision, error)
	NewestDecision(ctx context.Context, site store.SiteID) (uint64, error)
}

// maxDecisions bounds those of one check-in; the next brings more.
const maxDecisions = 100

// Decide keeps a decision under the site's next version, which it returns.
func (p *Publisher) Decide(ctx context.Context, d store.Decision) (uint64, error) {
	for range attempts {
		newest, err := p.store.NewestDecision(ctx, d.SiteID)
		if err != nil {
			return 0, fmt.Errorf("reading decisions of %s: %w", d.SiteID, err)
		}
		now := time.Now()
		d.Version, d.MadeMs = nextVersion(newest, now), now.UnixMilli()
		if err := p.store.AddDecision(ctx, d); !errors.Is(err, store.ErrConflict) {
			return d.Version, err
		}
	}
	return 0, fmt.Errorf("keeping decision of %s: %w", d.SiteID, store.ErrConflict)
}

// Decisions signs a site's decisions after a version, oldest first.
func (p *Publisher) Decisions(ctx context.Context, site store.SiteID, after uint64) ([]*trustv1.SignedEnvelope, error) {
	rows, err := p.store.Decisions(ctx, site, after, maxDecisions)
	if err != nil {
		return nil, fmt.Errorf("reading decisions of %s: %w", site, err)
	}
	envelopes := make([]*trustv1.SignedEnvelope, len(rows))
	for n, d := range rows {
		payload, err := proto.Marshal(&trustv1.AgentDecision{
			SiteId: string(d.SiteID), Version: d.Version, AgentId: d.AgentID, Verb: trustv1.AgentVerb(d.Verb),
			Person: d.Person, Reason: d.Reason, MadeMs: d.MadeMs,
		})
		if err != nil {
			return nil, fmt.Errorf("writing decision %d of %s: %w", d.Version, site, err)
		}
		envelopes[n] = keyring.Seal(p.keys.Online, signed.Decision, payload)
	}
	return envelopes, nil
}
