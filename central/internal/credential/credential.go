// Package credential keeps what appliances sign in to hosts with, as the
// operators' computers sealed it (shared/credential). Nothing here can open it:
// the keys are the appliances'. A list is given whole to the appliance it is for;
// an empty one means that all were withdrawn. Its state is the SHA-256 of names
// and versions. Versions only grow, also over a withdrawal, and are bound to the
// seal, so that an old one cannot come back under a new name or number.
//
// ErrCredential means that what was put cannot be of use; it says why.
package credential

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/credential"

	"github.com/osiriscare/osiris/central/internal/auth"
	"github.com/osiriscare/osiris/central/internal/store"
)

// ErrCredential refuses a credential.
var ErrCredential = errors.New("not a credential for this site")

// Limits: a list travels in one answer, and a clock that is wrong must not use
// up the versions.
const (
	maxCredentials = 60
	maxAhead       = 24 * time.Hour
)

// Store keeps sealed credentials.
type Store interface {
	Site(ctx context.Context, id store.SiteID) (store.Site, error)
	Appliances(ctx context.Context, site store.SiteID) ([]store.Appliance, error)
	PutCredential(ctx context.Context, rows []store.Credential, rotate bool) error
	RemoveCredential(ctx context.Context, site store.SiteID, name string, force bool) error
	Credentials(ctx context.Context, site store.SiteID, appliance store.ApplianceID) ([]store.Credential, error)
	Targets(ctx context.Context, site store.SiteID) ([]store.Target, error)
	Reach(ctx context.Context, site store.SiteID, id store.ApplianceID) (store.Reach, error)
	SaveReach(ctx context.Context, site store.SiteID, id store.ApplianceID, r store.Reach) error
	SaveProblem(ctx context.Context, c store.Credential) error
}

// Service has the credentials of all sites.
type Service struct{ store Store }

// New makes the service.
func New(s *store.Store) *Service { return &Service{store: s} }

// Put keeps a credential that was sealed to keys of the site's appliances.
// store.ErrConflict means that its name or version is taken, or that there is
// nothing to rotate.
func (s *Service) Put(ctx context.Context, m *centralv1.PutCredentialRequest) error {
	site := store.SiteID(m.GetSiteId())
	if _, err := s.store.Site(ctx, site); err != nil {
		return fmt.Errorf("reading site %s: %w", site, err)
	}
	now := time.Now()
	switch {
	case !credential.ValidName(m.GetName()):
		return fmt.Errorf("%w: name %.100q has other characters than letters, digits and . _ - or more than 100", ErrCredential, m.GetName())
	case credential.KindOf(m.GetKind()) == "":
		return fmt.Errorf("%w: there is no kind %d", ErrCredential, m.GetKind())
	case m.GetVersion() == 0 || m.GetVersion() > uint64(now.Add(maxAhead).Unix()): //nolint:gosec // after 1970
		return fmt.Errorf("%w: version %d is not of this time; are both clocks right?", ErrCredential, m.GetVersion())
	case len(m.GetSeals()) == 0:
		return fmt.Errorf("%w: it is for no appliance", ErrCredential)
	}
	rows, err := s.rows(ctx, site, m, now)
	if err != nil {
		return err
	}
	held, err := s.store.Credentials(ctx, site, "")
	if err != nil {
		return fmt.Errorf("reading credentials of %s: %w", site, err)
	}
	if names(held) >= maxCredentials && !m.GetRotate() {
		return fmt.Errorf("%w: the site has %d already", ErrCredential, names(held))
	}
	for i := range held {
		if held[i].Name == m.GetName() && held[i].Kind != int32(m.GetKind()) && m.GetRotate() {
			return fmt.Errorf("%w: %s is a %s, and its next version is none", ErrCredential, m.GetName(), credential.KindOf(centralv1.CredentialKind(held[i].Kind)))
		}
	}
	err = s.store.PutCredential(ctx, rows, m.GetRotate())
	if errors.Is(err, store.ErrConflict) && m.GetRotate() {
		return fmt.Errorf("%w: there is no credential %s to rotate, or a newer version", err, m.GetName())
	}
	if errors.Is(err, store.ErrConflict) {
		return fmt.Errorf("%w: there is a credential %s, which rotate replaces, or its version was used before", err, m.GetName())
	}
	return err
}

func (s *Service) rows(ctx context.Context, site store.SiteID, m *centralv1.PutCredentialRequest, now time.Time) ([]store.Credential, error) {
	var rows []store.Credential
	for _, seal := range m.GetSeals() {
		id := store.ApplianceID(seal.GetApplianceId())
		for _, other := range rows {
			if other.ApplianceID == id {
				return nil, fmt.Errorf("%w: appliance %s is named twice", ErrCredential, id)
			}
		}
		key, err := s.key(ctx, site, id)
		if err != nil {
			return nil, err
		}
		if want := credential.KeyID(key); !bytes.Equal(want[:], seal.GetKeyId()) {
			return nil, fmt.Errorf("%w: it was not sealed to the key that appliance %s has now", ErrCredential, id)
		}
		if n := len(seal.GetSealed()); n < minSealed || n > credential.MaxSealed {
			return nil, fmt.Errorf("%w: a seal has %d bytes", ErrCredential, n)
		}
		rows = append(rows, store.Credential{
			SiteID: site, Name: m.GetName(), ApplianceID: id, Kind: int32(m.GetKind()), Version: m.GetVersion(), Sealed: seal.GetSealed(),
			KeyID: seal.GetKeyId(), MadeMs: now.UnixMilli(), MadeBy: auth.Operator(ctx),
		})
	}
	return rows, nil
}

// minSealed is the encapsulated key and the tag.
const minSealed = 32 + 16

// Remove withdraws a credential, or gives store.ErrNotFound; store.ErrConflict
// while targets name it, unless force.
func (s *Service) Remove(ctx context.Context, site store.SiteID, name string, force bool) error {
	err := s.store.RemoveCredential(ctx, site, name, force)
	if errors.Is(err, store.ErrConflict) {
		return fmt.Errorf("%w: targets name credential %.100q; remove them, or withdraw it with --force", err, name)
	}
	if err != nil {
		return fmt.Errorf("removing credential %.100q of %s: %w", name, site, err)
	}
	return nil
}

// Answer puts the credentials of an appliance into a check-in's answer, unless it
// holds them already.
func (s *Service) Answer(ctx context.Context, site store.SiteID, id store.ApplianceID, held []byte, m *centralv1.CheckInResponse) error {
	rows, err := s.store.Credentials(ctx, site, id)
	if err != nil {
		return fmt.Errorf("reading credentials of %s: %w", site, err)
	}
	now := state(rows)
	if bytes.Equal(now, held) {
		return nil
	}
	m.CredentialsState, m.Credentials = now, &centralv1.CredentialList{}
	for _, c := range rows {
		m.Credentials.Credentials = append(m.Credentials.Credentials, &centralv1.SealedCredential{
			Name: c.Name, Kind: centralv1.CredentialKind(c.Kind), Version: c.Version, Sealed: c.Sealed,
		})
	}
	return nil
}

// state tells the list of an appliance from every other; it is never empty.
func state(rows []store.Credential) []byte {
	h := sha256.New()
	h.Write([]byte("osiris credentials v1"))
	for _, c := range rows {
		h.Write(append([]byte(c.Name), 0))
		h.Write(binary.BigEndian.AppendUint64(nil, c.Version))
	}
	return h.Sum(nil)
}

// names counts credentials that are for several appliances once.
func names(rows []store.Credential) int {
	different := map[string]bool{}
	for _, c := range rows {
		different[c.Name] = true
	}
	return len(different)
}

// key is the raw sealing key of a live appliance of the site.
func (s *Service) key(ctx context.Context, site store.SiteID, id store.ApplianceID) ([]byte, error) {
	appliances, err := s.store.Appliances(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("reading appliances of %s: %w", site, err)
	}
	for _, a := range appliances {
		if a.ID != id || a.Retired {
			continue
		}
		envelope, err := s.envelope(ctx, a)
		if err != nil {
			return nil, err
		}
		if envelope == nil {
			return nil, fmt.Errorf("%w: appliance %s has registered no sealing key", ErrCredential, id)
		}
		return credential.OpenKey(envelope, a.CommandKey, string(site), string(id))
	}
	return nil, fmt.Errorf("%w: the site has no live appliance %.64q", ErrCredential, id)
}

// envelope is the statement of an appliance's sealing key; nil before there is
// one.
func (s *Service) envelope(ctx context.Context, a store.Appliance) (*trustv1.SignedEnvelope, error) {
	r, err := s.store.Reach(ctx, a.SiteID, a.ID)
	if err != nil || len(r.SealingKey) == 0 {
		return nil, err
	}
	e := &trustv1.SignedEnvelope{}
	if err := proto.Unmarshal(r.SealingKey, e); err != nil {
		return nil, fmt.Errorf("reading sealing key of %s: %w", a.ID, err)
	}
	return e, nil
}
