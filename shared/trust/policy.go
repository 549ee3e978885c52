package trust

import (
	"fmt"

	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/signed"
)

// OpenPolicy verifies a policy envelope with the chain's online key and that it
// is for the chain's site.
func (o *Opened) OpenPolicy(envelope signed.Wire) (*trustlite.Policy, error) {
	policy := &trustlite.Policy{}
	if err := open(envelope, signed.Policy, o.Delegation.OnlineKey, policy); err != nil {
		return nil, fmt.Errorf("opening policy: %w", err)
	}
	if policy.SiteId != o.Doc.SiteId {
		return nil, fmt.Errorf("opening policy: %w", ErrSite)
	}
	return policy, nil
}

// NewerPolicy reports whether next may replace held, which may be nil.
func NewerPolicy(next, held *trustlite.Policy) error {
	if held != nil && next.Version < held.Version {
		return fmt.Errorf("%w: policy %d, held %d", ErrOlder, next.Version, held.Version)
	}
	return nil
}

// TierOf is what may be done to the agent at nowMs: its own tier or the site's,
// capped by the ceiling. No policy or an expired one means MONITOR_ONLY (D14).
func TierOf(policy *trustlite.Policy, agentID string, nowMs int64) trustlite.Tier {
	if policy == nil || nowMs >= policy.ExpiresMs {
		return trustlite.Tier_TIER_MONITOR_ONLY
	}
	tier := policy.Tier
	for _, t := range policy.HostTiers {
		if t.AgentId == agentID {
			tier = t.Tier
		}
	}
	return min(tier, policy.Ceiling)
}

// OpenCommand verifies a command envelope with the key of a live appliance.
func (o *Opened) OpenCommand(w signed.Wire) (*trustlite.Command, error) {
	envelope, err := signed.FromWire(w)
	if err != nil {
		return nil, fmt.Errorf("opening command: %w", err)
	}
	key := o.CommandKey(envelope.KeyID)
	if key == nil {
		return nil, fmt.Errorf("opening command: %w", signed.ErrKey)
	}
	command := &trustlite.Command{}
	if err := open(w, signed.Command, key, command); err != nil {
		return nil, fmt.Errorf("opening command: %w", err)
	}
	return command, nil
}
