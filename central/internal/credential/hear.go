package credential

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/credential"

	"github.com/osiriscare/osiris/central/internal/store"
)

// Limits of what an appliance may say.
const (
	maxState    = 64
	maxReason   = 200
	maxEnvelope = 1024
)

// Hear keeps what an appliance says of its sealing key and of the lists that it
// holds. A sealing key that its command key did not sign is refused, with
// shared/credential's ErrKey.
func (s *Service) Hear(ctx context.Context, a store.Appliance, m *centralv1.CheckInRequest) error {
	held, err := s.store.Reach(ctx, a.SiteID, a.ID)
	if err != nil {
		return fmt.Errorf("reading appliance %s: %w", a.ID, err)
	}
	next := store.Reach{SealingKey: held.SealingKey, TargetsState: short(m.GetTargetsState()), CredentialsState: short(m.GetCredentialsState())}
	if e := m.GetSealingKey(); e != nil {
		if _, err := credential.OpenKey(e, a.CommandKey, string(a.SiteID), string(a.ID)); err != nil {
			return fmt.Errorf("registering sealing key of %s: %w", a.ID, err)
		}
		if next.SealingKey, err = (proto.MarshalOptions{Deterministic: true}).Marshal(e); err != nil || len(next.SealingKey) > maxEnvelope {
			return fmt.Errorf("%w: it has %d bytes", credential.ErrKey, len(next.SealingKey))
		}
	}
	if !bytes.Equal(next.SealingKey, held.SealingKey) || !bytes.Equal(next.TargetsState, held.TargetsState) || !bytes.Equal(next.CredentialsState, held.CredentialsState) {
		if err := s.store.SaveReach(ctx, a.SiteID, a.ID, next); err != nil {
			return fmt.Errorf("keeping what %s says: %w", a.ID, err)
		}
	}
	return s.problems(ctx, a, m.GetCredentialProblems())
}

// problems keeps which credentials the appliance cannot open; the others open.
func (s *Service) problems(ctx context.Context, a store.Appliance, all []*centralv1.CredentialProblem) error {
	rows, err := s.store.Credentials(ctx, a.SiteID, a.ID)
	if err != nil {
		return fmt.Errorf("reading credentials of %s: %w", a.ID, err)
	}
	for _, row := range rows {
		before := row.Reason
		row.Reason = ""
		for _, p := range all {
			if p.GetName() == row.Name && p.GetVersion() == row.Version {
				row.Reason = strings.ToValidUTF8(p.GetReason()[:min(len(p.GetReason()), maxReason)], "")
			}
		}
		if row.Reason == before {
			continue
		}
		if err := s.store.SaveProblem(ctx, row); err != nil {
			return fmt.Errorf("keeping what %s says of credential %s: %w", a.ID, row.Name, err)
		}
	}
	return nil
}

// short drops what no Central of ours has made.
func short(state []byte) []byte {
	if len(state) > maxState {
		return nil
	}
	return state
}
