package policy

import (
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/trust"
)

// Snapshot is one state of the documents. Its zero value is an appliance that
// has none: nothing is revoked and every tier is MONITOR_ONLY.
type Snapshot struct {
	Opened     *trust.Opened
	Policy     *trustlite.Policy
	Chain      *trustv1.TrustChain
	ChainBytes []byte // Chain, encoded
	Envelope   *trustv1.SignedEnvelope
}

// TrustVersion is the trust document's, 0 without one.
func (s *Snapshot) TrustVersion() uint64 {
	if s.Opened == nil {
		return 0
	}
	return s.Opened.Doc.Version
}

// PolicyVersion is the policy's, 0 without one.
func (s *Snapshot) PolicyVersion() uint64 {
	if s.Policy == nil {
		return 0
	}
	return s.Policy.Version
}

// Revoked reports whether the agent or its certificate is on the denylist.
func (s *Snapshot) Revoked(agentID string, serial []byte) bool {
	return s.Opened != nil && (s.Opened.AgentRevoked(agentID) || s.Opened.SerialRevoked(serial))
}

// SiteRoots are the SPKI hashes of the site's live roots.
func (s *Snapshot) SiteRoots() [][]byte {
	if s.Opened == nil {
		return nil
	}
	return s.Opened.Doc.SiteRoots
}

// newer reports whether s may replace held.
func (s *Snapshot) newer(held *Snapshot) error {
	if err := s.Opened.Newer(held.Opened); err != nil {
		return err
	}
	if s.Policy == nil {
		return nil
	}
	return trust.NewerPolicy(s.Policy, held.Policy)
}
