package enroll

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/osiriscare/osiris/appliance/internal/store"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// errVerb means a decision of a newer Central, which this program cannot make.
var errVerb = errors.New("the decision is of a kind that this program does not know")

// Decided is the version of the newest decision that was taken from Central.
func (e *Enroll) Decided(ctx context.Context) (version uint64, err error) {
	err = e.Store.Reader().QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM decision").Scan(&version)
	if err != nil {
		return 0, fmt.Errorf("reading decisions: %w", err)
	}
	return version, nil
}

// Obey takes decisions that Central signed, in the order of their versions and
// each once; it reports how many were new. What does not verify, or is not for
// this site, is an error and ends it. A decision without effect, because the
// agent is not here or not held any more, is kept as such.
func (e *Enroll) Obey(ctx context.Context, envelopes []*trustv1.SignedEnvelope) (taken int, err error) {
	if len(envelopes) == 0 {
		return 0, nil
	}
	newest, err := e.Decided(ctx)
	if err != nil {
		return 0, err
	}
	for _, envelope := range envelopes {
		d, err := e.Policy.OpenDecision(envelope)
		if err != nil {
			return taken, err
		}
		if d.GetVersion() <= newest {
			continue
		}
		if d.GetVersion() > math.MaxInt64 {
			return taken, fmt.Errorf("taking decision %d: its version is no time", d.GetVersion())
		}
		if err := e.obey(ctx, d); err != nil {
			return taken, fmt.Errorf("taking decision %d about agent %s: %w", d.GetVersion(), d.GetAgentId(), err)
		}
		newest = d.GetVersion()
		taken++
	}
	return taken, nil
}

func (e *Enroll) obey(ctx context.Context, in *trustv1.AgentDecision) error {
	d := Decision{AgentID: in.GetAgentId(), Person: in.GetPerson(), Reason: in.GetReason(), version: int64(in.GetVersion())} //nolint:gosec // bounded by Obey
	var err error
	switch in.GetVerb() {
	case trustv1.AgentVerb_AGENT_VERB_APPROVE:
		err = e.Approve(ctx, d)
	case trustv1.AgentVerb_AGENT_VERB_APPROVE_WITHOUT_DIRECTORY:
		d.WithoutDirectory = true
		err = e.Approve(ctx, d)
	case trustv1.AgentVerb_AGENT_VERB_RELEASE:
		err = e.Release(ctx, d)
	default:
		err = errVerb
	}
	if !isAny(err, ErrUnknown, ErrFree, ErrUnconfirmed, errVerb, errWords) {
		return err
	}
	e.Log.WarnContext(ctx, "decision without effect", "agent_id", d.AgentID, "decision", in.GetVerb().String(), "version", d.version, "reason", err)
	return e.Store.Write(ctx, func(tx *store.Tx) error {
		return d.keep(ctx, tx, word(in.GetVerb()), err.Error())
	})
}

// isAny reports whether err is one of these.
func isAny(err error, these ...error) bool {
	for _, e := range these {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// word is a verb as rows of decisions have it.
func word(v trustv1.AgentVerb) string {
	switch v {
	case trustv1.AgentVerb_AGENT_VERB_APPROVE, trustv1.AgentVerb_AGENT_VERB_APPROVE_WITHOUT_DIRECTORY:
		return approve
	case trustv1.AgentVerb_AGENT_VERB_RELEASE:
		return release
	case trustv1.AgentVerb_AGENT_VERB_UNSPECIFIED:
	}
	return v.String()
}
