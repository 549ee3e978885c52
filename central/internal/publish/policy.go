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

// PolicyStore holds policies.
type PolicyStore interface {
	Policy(ctx context.Context, site store.SiteID) (store.Document, error)
	AddPolicy(ctx context.Context, d store.Document) error
}

// Limits of what a policy may say.
const (
	defaultCheckInterval = time.Minute
	minCheckInterval     = time.Second
	maxCheckInterval     = 24 * time.Hour
	defaultJitterPercent = 10
	maxPolicyItems       = 4096
)

// Policy is the newest policy of a site: its signed envelope and what it says.
// A site starts with MONITOR_ONLY.
func (p *Publisher) Policy(ctx context.Context, site store.SiteID) (*trustv1.SignedEnvelope, *trustv1.Policy, error) {
	for range attempts {
		held, err := p.store.Policy(ctx, site)
		if err != nil {
			return nil, nil, fmt.Errorf("reading policy of %s: %w", site, err)
		}
		envelope, policy := &trustv1.SignedEnvelope{}, &trustv1.Policy{}
		if held.Version > 0 {
			if err := errors.Join(proto.Unmarshal(held.Bytes, envelope), proto.Unmarshal(envelope.GetPayload(), policy)); err != nil {
				return nil, nil, fmt.Errorf("reading policy of %s: %w", site, err)
			}
		}
		mine := p.keys.Online.ID()
		if !due(held, time.Now()) && string(envelope.GetKeyId()) == string(mine[:]) {
			return envelope, policy, nil
		}
		if _, err := p.sign(ctx, site, policy, held.Version); err != nil && !errors.Is(err, store.ErrConflict) {
			return nil, nil, err
		}
	}
	return nil, nil, fmt.Errorf("publishing policy of %s: %w", site, store.ErrConflict)
}

// SetPolicy signs the site's next policy and returns its version. Site, version,
// times and ceiling are filled in.
func (p *Publisher) SetPolicy(ctx context.Context, site store.SiteID, settings *trustv1.Policy) (uint64, error) {
	if err := checkPolicy(settings); err != nil {
		return 0, err
	}
	for range attempts {
		held, err := p.store.Policy(ctx, site)
		if err != nil {
			return 0, fmt.Errorf("reading policy of %s: %w", site, err)
		}
		version, err := p.sign(ctx, site, settings, held.Version)
		if !errors.Is(err, store.ErrConflict) {
			return version, err
		}
	}
	return 0, fmt.Errorf("publishing policy of %s: %w", site, store.ErrConflict)
}

func (p *Publisher) sign(ctx context.Context, site store.SiteID, settings *trustv1.Policy, previous uint64) (uint64, error) {
	row, err := p.store.Site(ctx, site)
	if err != nil {
		return 0, fmt.Errorf("reading site %s: %w", site, err)
	}
	policy, ok := proto.Clone(settings).(*trustv1.Policy)
	if !ok {
		return 0, errors.New("copying policy: it is no policy")
	}
	now := time.Now()
	policy.SiteId, policy.Version = string(site), nextVersion(previous, now)
	policy.IssuedMs, policy.ExpiresMs = now.UnixMilli(), now.Add(policyLifetime).UnixMilli()
	policy.Ceiling = trustv1.Tier(row.Ceiling)
	if policy.CheckIntervalMs == 0 {
		policy.CheckIntervalMs, policy.CheckJitterPercent = uint32(defaultCheckInterval.Milliseconds()), defaultJitterPercent
	}
	if err := checkCeiling(policy, settings.GetCeiling()); err != nil {
		return 0, err
	}
	payload, err := proto.Marshal(policy)
	if err != nil {
		return 0, fmt.Errorf("writing policy of %s: %w", site, err)
	}
	raw, err := proto.Marshal(keyring.Seal(p.keys.Online, signed.Policy, payload))
	if err != nil {
		return 0, fmt.Errorf("writing policy of %s: %w", site, err)
	}
	return policy.Version, p.store.AddPolicy(ctx, store.Document{
		SiteID: site, Version: policy.Version, IssuedMs: policy.IssuedMs, ExpiresMs: policy.ExpiresMs, Bytes: raw,
	})
}

func checkCeiling(policy *trustv1.Policy, asked trustv1.Tier) error {
	if asked > policy.Ceiling || policy.Tier > policy.Ceiling {
		return fmt.Errorf("%w: %s", ErrCeiling, policy.Ceiling)
	}
	for _, h := range policy.HostTiers {
		if h.GetTier() > policy.Ceiling {
			return fmt.Errorf("%w: %s, asked for agent %s", ErrCeiling, policy.Ceiling, h.GetAgentId())
		}
	}
	return nil
}

// ErrPolicy means settings that make no sense.
var ErrPolicy = errors.New("the policy is not valid")

func checkPolicy(p *trustv1.Policy) error {
	interval := time.Duration(p.GetCheckIntervalMs()) * time.Millisecond
	switch {
	case p == nil:
		return fmt.Errorf("%w: it is missing", ErrPolicy)
	case interval != 0 && (interval < minCheckInterval || interval > maxCheckInterval):
		return fmt.Errorf("%w: check_interval_ms is not between 1000 and 86400000", ErrPolicy)
	case p.CheckJitterPercent > 100:
		return fmt.Errorf("%w: check_jitter_percent is above 100", ErrPolicy)
	case len(p.HostTiers) > maxPolicyItems || len(p.EnabledChecks) > maxPolicyItems ||
		len(p.Parameters) > maxPolicyItems || len(p.StandingRunbooks) > maxPolicyItems:
		return fmt.Errorf("%w: a list has more than %d entries", ErrPolicy, maxPolicyItems)
	}
	if _, known := trustv1.Tier_name[int32(p.Tier)]; !known {
		return fmt.Errorf("%w: tier %d does not exist", ErrPolicy, p.Tier)
	}
	for _, h := range p.HostTiers {
		if _, known := trustv1.Tier_name[int32(h.GetTier())]; !known || h.GetAgentId() == "" {
			return fmt.Errorf("%w: a host tier names no agent or no tier", ErrPolicy)
		}
	}
	return checkNames(p)
}
