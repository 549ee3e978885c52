package policy

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/signed"
	"github.com/osiriscare/osiris/shared/trust"
)

// OpenDecision verifies a decision about an agent: signed by the online key of
// the chain in force, for this site.
func (h *Holder) OpenDecision(e *trustv1.SignedEnvelope) (*trustv1.AgentDecision, error) {
	opened := h.Current().Opened
	if opened == nil {
		return nil, fmt.Errorf("opening decision: %w", trust.ErrUnpinned)
	}
	envelope, err := signed.FromWire(e)
	if err != nil {
		return nil, fmt.Errorf("opening decision: %w", err)
	}
	payload, err := envelope.Open(signed.Decision, opened.Delegation.OnlineKey)
	if err != nil {
		return nil, fmt.Errorf("opening decision: %w", err)
	}
	d := &trustv1.AgentDecision{}
	if err := proto.Unmarshal(payload, d); err != nil {
		return nil, fmt.Errorf("reading decision: %w", err)
	}
	if d.GetSiteId() != h.siteID {
		return nil, fmt.Errorf("opening decision: %w", trust.ErrSite)
	}
	return d, nil
}
