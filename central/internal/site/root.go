package site

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/central/internal/ca"
	"github.com/osiriscare/osiris/central/internal/store"
)

// Errors of roots.
var (
	ErrRoots   = errors.New("the site has a former root still; remove it first")
	ErrIssuing = errors.New("this root issues; rotate first")
	ErrEarly   = errors.New("agents that were off since the rotation would be stranded; wait until it is 30 days ago, or force it")
)

// rootOverlap is how long two roots live beside each other: as long as an agent's
// certificate, after which one that was off all the time needs help anyway.
const rootOverlap = 30 * 24 * time.Hour

// RootStore keeps roots that were replaced.
type RootStore interface {
	FormerRoots(ctx context.Context, site store.SiteID) ([]store.Root, error)
	ReplaceRoot(ctx context.Context, site store.SiteID, old []byte, next store.Root, nowMs int64) error
	RemoveRoot(ctx context.Context, site store.SiteID, der []byte, nowMs int64) error
}

// Root is a live root of a site.
type Root struct {
	Fingerprint string // SHA-256 of its SubjectPublicKeyInfo, hexadecimal
	Certificate []byte // DER
	ReplacedMs  int64  // 0 for the one that issues
}

// Roots lists a site's live roots, the one that issues first.
func (s *Service) Roots(ctx context.Context, id store.SiteID) ([]Root, error) {
	row, err := s.store.Site(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("reading site %s: %w", id, err)
	}
	former, err := s.store.FormerRoots(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("reading roots of site %s: %w", id, err)
	}
	roots := []Root{{Certificate: row.RootDER}}
	for _, r := range former {
		roots = append(roots, Root{Certificate: r.DER, ReplacedMs: r.ReplacedMs})
	}
	for n := range roots {
		c, err := x509.ParseCertificate(roots[n].Certificate)
		if err != nil {
			return nil, fmt.Errorf("reading root of site %s: %w", id, err)
		}
		pin := ca.Pin(c)
		roots[n].Fingerprint = hex.EncodeToString(pin[:])
	}
	return roots, nil
}

// Rotate makes a site's next root and gives its fingerprint. A site has two live
// roots at most, because agents and appliances look at no more.
func (s *Service) Rotate(ctx context.Context, id store.SiteID) (string, error) {
	roots, err := s.Roots(ctx, id)
	if err != nil {
		return "", err
	}
	if len(roots) > 1 {
		return "", ErrRoots
	}
	root, wrapped, err := s.newRoot(id)
	if err != nil {
		return "", err
	}
	next := store.Root{DER: root.Certificate.Raw, Wrapped: wrapped}
	if err := s.store.ReplaceRoot(ctx, id, roots[0].Certificate, next, time.Now().UnixMilli()); err != nil {
		return "", fmt.Errorf("replacing root of site %s: %w", id, err)
	}
	pin := root.Pin()
	return hex.EncodeToString(pin[:]), nil
}

// RemoveRoot ends a former root. store.ErrNotFound means that the site has none of
// this fingerprint.
func (s *Service) RemoveRoot(ctx context.Context, id store.SiteID, fingerprint string, force bool) error {
	roots, err := s.Roots(ctx, id)
	if err != nil {
		return err
	}
	for _, r := range roots {
		switch {
		case r.Fingerprint != fingerprint:
			continue
		case r.ReplacedMs == 0:
			return ErrIssuing
		case !force && time.Since(time.UnixMilli(r.ReplacedMs)) < rootOverlap:
			return ErrEarly
		}
		return s.store.RemoveRoot(ctx, id, r.Certificate, time.Now().UnixMilli())
	}
	return fmt.Errorf("reading root %.64q of site %s: %w", fingerprint, id, store.ErrNotFound)
}

func (s *Service) newRoot(id store.SiteID) (*ca.Authority, []byte, error) {
	root, err := ca.New("Osiris site " + string(id) + " root")
	if err != nil {
		return nil, nil, err
	}
	key, err := root.Key()
	if err != nil {
		return nil, nil, fmt.Errorf("making root of site %s: %w", id, err)
	}
	wrapped, err := s.keys.Wrap(string(id), key)
	return root, wrapped, err
}

// Authorities are what an appliance shows under the roots of its site.
type Authorities struct {
	SiteRoot []byte   // that issues, DER
	Others   [][]byte // an intermediate and its root, for each other live root, DER
}

// authorities issues for the appliance under the other live roots.
func (s *Service) authorities(ctx context.Context, row store.Site, a store.Appliance) (Authorities, error) {
	all := Authorities{SiteRoot: row.RootDER}
	former, err := s.store.FormerRoots(ctx, row.ID)
	if err != nil {
		return all, fmt.Errorf("reading roots of site %s: %w", row.ID, err)
	}
	for _, r := range former {
		other := row
		other.RootDER, other.RootWrapped = r.DER, r.Wrapped
		der, err := s.intermediate(other, a)
		if err != nil {
			return all, err
		}
		all.Others = append(all.Others, der, r.DER)
	}
	return all, nil
}

// issuedBy reports whether a certificate is of this root.
func issuedBy(der, root []byte) bool {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return false
	}
	above, err := x509.ParseCertificate(root)
	return err == nil && c.CheckSignatureFrom(above) == nil
}
