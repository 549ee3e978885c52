package site

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/osiriscare/osiris/shared/logproof"

	"github.com/osiriscare/osiris/central/internal/ca"
	"github.com/osiriscare/osiris/central/internal/store"
)

// Claim is what an appliance sends to become one of a site.
type Claim struct {
	Code       string
	Hostname   string
	HardwareID string
	Keys
}

// Identity is the answer: everything but the documents, which change.
type Identity struct {
	Authorities
	Appliance store.Appliance
	Site      store.Site
	Client    store.Client
	TLSChain  [][]byte // above the client certificate
	LogOrigin string
}

// claimAttempts bounds races for the same epoch number.
const claimAttempts = 5

// Claim turns a code into an identity. The same code with the same keys gets
// the same answer again, so that an appliance that lost it can ask once more.
func (s *Service) Claim(ctx context.Context, c Claim) (Identity, error) {
	if err := c.check(); err != nil {
		return Identity{}, err
	}
	for range claimAttempts {
		code, err := s.store.Code(ctx, codeHash(c.Code))
		if errors.Is(err, store.ErrNotFound) {
			return Identity{}, ErrCode
		}
		if err != nil {
			return Identity{}, fmt.Errorf("reading provisioning code: %w", err)
		}
		if code.ApplianceID != "" {
			return s.claimed(ctx, code, c)
		}
		if time.Now().UnixMilli() >= code.ExpiresMs {
			return Identity{}, ErrCodeExpired
		}
		err = s.register(ctx, code, c)
		if err != nil && !errors.Is(err, store.ErrConflict) {
			return Identity{}, err
		}
	}
	return Identity{}, fmt.Errorf("claiming: %w", store.ErrConflict)
}

func (c Claim) check() error {
	if !validCode(c.Code) {
		return ErrCode
	}
	if len(c.Hostname) > 253 || len(c.HardwareID) > 1024 || strings.ContainsFunc(c.Hostname+c.HardwareID, func(r rune) bool {
		return r < ' ' || r == 0x7f
	}) {
		return fmt.Errorf("%w: host name or hardware id is too long or has control characters", ErrClaim)
	}
	return c.Verify(c.Code)
}

// claimed answers for a code that was used.
func (s *Service) claimed(ctx context.Context, code store.Code, c Claim) (Identity, error) {
	a, err := s.store.Appliance(ctx, code.ApplianceID)
	if err != nil {
		return Identity{}, fmt.Errorf("reading appliance %s: %w", code.ApplianceID, err)
	}
	if !c.same(a) {
		return Identity{}, ErrCodeUsed
	}
	if a.Retired {
		return Identity{}, ErrRetired
	}
	return s.identity(ctx, a)
}

func (s *Service) identity(ctx context.Context, a store.Appliance) (Identity, error) {
	row, err := s.store.Site(ctx, a.SiteID)
	if err != nil {
		return Identity{}, fmt.Errorf("reading site %s: %w", a.SiteID, err)
	}
	client, err := s.store.Client(ctx, row.ClientID)
	if err != nil {
		return Identity{}, fmt.Errorf("reading client %s: %w", row.ClientID, err)
	}
	newest, err := s.newestLog(ctx, a.SiteID, a.ID)
	if err != nil {
		return Identity{}, err
	}
	all, err := s.authorities(ctx, row, a)
	return Identity{
		Appliance: a, Site: row, Client: client, Authorities: all,
		TLSChain: [][]byte{s.keys.Appliances.Certificate.Raw}, LogOrigin: newest.Origin,
	}, err
}

// register makes the appliance of an unused code. store.ErrConflict means that
// somebody else was faster.
func (s *Service) register(ctx context.Context, code store.Code, c Claim) error {
	row, err := s.store.Site(ctx, code.SiteID)
	if err != nil {
		return fmt.Errorf("reading site %s: %w", code.SiteID, err)
	}
	switch known, err := s.store.ApplianceByBundleKey(ctx, c.Bundle); {
	case err == nil:
		return s.readmit(ctx, code, row, known, c)
	case !errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("reading appliances: %w", err)
	}
	a := store.Appliance{
		ID: store.NewApplianceID(), SiteID: row.ID, CreatedMs: time.Now().UnixMilli(),
		Hostname: c.Hostname, HardwareID: c.HardwareID, TLSKey: c.TLS, CAKey: c.CA,
		CommandKey: c.Command, BundleKey: c.Bundle, LogKey: c.Log,
	}
	if a.TLSCertificate, err = s.clientCertificate(a); err != nil {
		return err
	}
	if a.CACertificate, err = s.intermediate(row, a); err != nil {
		return err
	}
	epoch, err := s.nextEpoch(ctx, row.ID)
	if err != nil {
		return err
	}
	err = s.store.UseCode(ctx, code.Hash, a, newLog(a, epoch, "claim", nil))
	if err != nil && !errors.Is(err, store.ErrConflict) {
		return fmt.Errorf("registering appliance: %w", err)
	}
	return err
}

// readmit gives an appliance of the site new certificates: it was away for
// longer than they last. Keys of any other appliance are refused: one key, one
// signer.
func (s *Service) readmit(ctx context.Context, code store.Code, row store.Site, a store.Appliance, c Claim) error {
	if a.SiteID != row.ID || !c.same(a) {
		return ErrKeysTaken
	}
	if a.Retired {
		return ErrRetired
	}
	var err error
	if a.TLSCertificate, err = s.clientCertificate(a); err != nil {
		return err
	}
	if a.CACertificate, err = s.intermediate(row, a); err != nil {
		return err
	}
	return s.store.ReuseCode(ctx, code.Hash, a.ID, a.TLSCertificate, a.CACertificate)
}

func (s *Service) clientCertificate(a store.Appliance) ([]byte, error) {
	pub, err := ca.ParseKey(a.TLSKey)
	if err != nil {
		return nil, err
	}
	return s.keys.Appliances.Client(string(a.ID), string(a.SiteID), pub)
}

func (s *Service) intermediate(row store.Site, a store.Appliance) ([]byte, error) {
	root, err := s.root(row)
	if err != nil {
		return nil, err
	}
	pub, err := ca.ParseKey(a.CAKey)
	if err != nil {
		return nil, err
	}
	return root.Intermediate(string(row.ID), pub)
}

func newLog(a store.Appliance, epoch uint64, reason string, previous []byte) store.Log {
	origin := logproof.Origin(string(a.SiteID), epoch)
	return store.Log{
		Origin: origin, SiteID: a.SiteID, ApplianceID: a.ID, Epoch: epoch, VKey: logproof.LogVKey(origin, a.LogKey),
		Reason: reason, Previous: bytes.Clone(previous), CreatedMs: time.Now().UnixMilli(),
	}
}
