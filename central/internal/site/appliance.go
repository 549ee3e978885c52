package site

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/central/internal/ca"
	"github.com/osiriscare/osiris/central/internal/store"
)

// ApplianceStore keeps appliances and their logs.
type ApplianceStore interface {
	Appliance(ctx context.Context, id store.ApplianceID) (store.Appliance, error)
	ApplianceByBundleKey(ctx context.Context, key []byte) (store.Appliance, error)
	SetCertificates(ctx context.Context, id store.ApplianceID, tls, ca []byte) error
	SaveCheckIn(ctx context.Context, id store.ApplianceID, site store.SiteID, c store.CheckIn, hosts []store.LiveHost) error
	Logs(ctx context.Context, site store.SiteID) ([]store.Log, error)
	AddLog(ctx context.Context, l store.Log, after string) error
	Retire(ctx context.Context, id store.ApplianceID) error
	Witnessed(ctx context.Context, origin string) (store.Witnessed, error)
}

// Appliance reads a live appliance of a site: what a client certificate names
// must still be so. Unknown, moved and retired ones are ErrRetired.
func (s *Service) Appliance(ctx context.Context, id store.ApplianceID, site store.SiteID) (store.Appliance, error) {
	a, err := s.store.Appliance(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && (a.Retired || a.SiteID != site) {
		return store.Appliance{}, ErrRetired
	}
	return a, err
}

// Retire ends an appliance of a site for good; doing it twice changes nothing.
// store.ErrNotFound means that the site has no such appliance.
func (s *Service) Retire(ctx context.Context, site store.SiteID, id store.ApplianceID) error {
	a, err := s.store.Appliance(ctx, id)
	if err == nil && a.SiteID != site {
		err = store.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("reading appliance %s of site %s: %w", id, site, err)
	}
	if err := s.store.Retire(ctx, id); err != nil {
		return fmt.Errorf("retiring appliance %s: %w", id, err)
	}
	return nil
}

// CheckIn keeps what an appliance says and re-issues certificates at half of
// their life, and when the site's root was replaced. presented is the client certificate it used: if that is not the
// newest, the newest was lost on its way and is given again, the intermediate
// with it.
func (s *Service) CheckIn(ctx context.Context, a store.Appliance, presented []byte, c store.CheckIn, hosts []store.LiveHost) (Certificates, error) {
	if err := s.store.SaveCheckIn(ctx, a.ID, a.SiteID, c, hosts); err != nil {
		return Certificates{}, fmt.Errorf("keeping check-in of %s: %w", a.ID, err)
	}
	row, err := s.store.Site(ctx, a.SiteID)
	if err != nil {
		return Certificates{}, fmt.Errorf("reading site %s: %w", a.SiteID, err)
	}
	now := time.Now()
	// A new root brings a new client certificate too: presented tells whether it
	// arrived.
	rotated := !issuedBy(a.CACertificate, row.RootDER)
	renewTLS, renewCA := rotated || ca.HalfOver(a.TLSCertificate, now), rotated || ca.HalfOver(a.CACertificate, now)
	if renewTLS {
		if a.TLSCertificate, err = s.clientCertificate(a); err != nil {
			return Certificates{}, err
		}
	}
	if renewCA {
		if a.CACertificate, err = s.intermediate(row, a); err != nil {
			return Certificates{}, err
		}
	}
	if renewTLS || renewCA {
		if err := s.store.SetCertificates(ctx, a.ID, a.TLSCertificate, a.CACertificate); err != nil {
			return Certificates{}, fmt.Errorf("keeping certificates of %s: %w", a.ID, err)
		}
	} else if bytes.Equal(presented, a.TLSCertificate) {
		return Certificates{}, nil
	}
	all, err := s.authorities(ctx, row, a)
	return Certificates{TLS: a.TLSCertificate, CA: a.CACertificate, Authorities: all}, err
}

// Certificates are what an appliance is given again, DER; empty when it has the
// newest.
type Certificates struct {
	TLS, CA []byte
	Authorities
}

// newestLog is the epoch an appliance writes to; the zero value when it has none.
func (s *Service) newestLog(ctx context.Context, site store.SiteID, id store.ApplianceID) (store.Log, error) {
	logs, err := s.store.Logs(ctx, site)
	if err != nil {
		return store.Log{}, fmt.Errorf("reading logs of site %s: %w", site, err)
	}
	newest, _ := newestOf(logs, id)
	return newest, nil
}

// newestOf is the newest log of an appliance, and how many it has.
func newestOf(logs []store.Log, id store.ApplianceID) (newest store.Log, n int) {
	for _, l := range logs {
		if l.ApplianceID == id {
			newest = l
			n++
		}
	}
	return newest, n
}

func (s *Service) nextEpoch(ctx context.Context, site store.SiteID) (uint64, error) {
	logs, err := s.store.Logs(ctx, site)
	if err != nil {
		return 0, fmt.Errorf("reading logs of site %s: %w", site, err)
	}
	return after(logs), nil
}

// after is the epoch after all of a site.
func after(logs []store.Log) uint64 {
	if len(logs) == 0 {
		return 0
	}
	return logs[len(logs)-1].Epoch + 1
}
