package policy

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/signed"
	"github.com/osiriscare/osiris/shared/trust"
)

// OpenDecision verifies a decision about an agent: signed by the online key of
// the chain in force, for this site.
func (h *Holder) OpenDecision(e *trustv1.SignedEnvelope) (*trustv1.AgentDecision, error) {
	d := &trustv1.AgentDecision{}
	if err := h.open(e, signed.Decision, d); err != nil {
		return nil, fmt.Errorf("opening decision: %w", err)
	}
	return d, nil
}

// OpenOrder verifies an order likewise. For which appliance it is, its caller
// judges.
func (h *Holder) OpenOrder(e *trustv1.SignedEnvelope) (*centralv1.Order, error) {
	o := &centralv1.Order{}
	if err := h.open(e, signed.Order, o); err != nil {
		return nil, fmt.Errorf("opening order: %w", err)
	}
	return o, nil
}

// ofSite is a message that says which site it is for.
type ofSite interface {
	proto.Message
	GetSiteId() string
}

// open verifies what Central's online key signed in a context, for this site.
func (h *Holder) open(e *trustv1.SignedEnvelope, c signed.Context, into ofSite) error {
	opened := h.Current().Opened
	if opened == nil {
		return trust.ErrUnpinned
	}
	envelope, err := signed.FromWire(e)
	if err != nil {
		return err
	}
	payload, err := envelope.Open(c, opened.Delegation.OnlineKey)
	if err != nil {
		return err
	}
	if err := proto.Unmarshal(payload, into); err != nil {
		return fmt.Errorf("reading what was signed: %w", err)
	}
	if into.GetSiteId() != h.siteID {
		return trust.ErrSite
	}
	return nil
}
