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
	AddLog(ctx context.Context, l store.Log) error
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

// CheckIn keeps what an appliance says and re-issues certificates at half of
// their life. presented is the client certificate it used: if that is not the
// newest, the newest was lost on its way and is given again, the intermediate
// with it.
func (s *Service) CheckIn(ctx context.Context, a store.Appliance, presented []byte, c store.CheckIn, hosts []store.LiveHost) (tls, intermediate []byte, err error) {
	if err := s.store.SaveCheckIn(ctx, a.ID, a.SiteID, c, hosts); err != nil {
		return nil, nil, fmt.Errorf("keeping check-in of %s: %w", a.ID, err)
	}
	now := time.Now()
	renewed := false
	if ca.HalfOver(a.TLSCertificate, now) {
		if a.TLSCertificate, err = s.clientCertificate(a); err != nil {
			return nil, nil, err
		}
		renewed = true
	}
	if ca.HalfOver(a.CACertificate, now) {
		row, err := s.store.Site(ctx, a.SiteID)
		if err != nil {
			return nil, nil, fmt.Errorf("reading site %s: %w", a.SiteID, err)
		}
		if a.CACertificate, err = s.intermediate(row, a); err != nil {
			return nil, nil, err
		}
		renewed = true
	}
	if renewed {
		if err := s.store.SetCertificates(ctx, a.ID, a.TLSCertificate, a.CACertificate); err != nil {
			return nil, nil, fmt.Errorf("keeping certificates of %s: %w", a.ID, err)
		}
	}
	if renewed || !bytes.Equal(presented, a.TLSCertificate) {
		return a.TLSCertificate, a.CACertificate, nil
	}
	return nil, nil, nil
}

// newestLog is the epoch an appliance writes to; the zero value when it has none.
func (s *Service) newestLog(ctx context.Context, site store.SiteID, id store.ApplianceID) (newest store.Log, err error) {
	logs, err := s.store.Logs(ctx, site)
	if err != nil {
		return newest, fmt.Errorf("reading logs of site %s: %w", site, err)
	}
	for _, l := range logs {
		if l.ApplianceID == id {
			newest = l
		}
	}
	return newest, nil
}

func (s *Service) nextEpoch(ctx context.Context, site store.SiteID) (uint64, error) {
	logs, err := s.store.Logs(ctx, site)
	if err != nil {
		return 0, fmt.Errorf("reading logs of site %s: %w", site, err)
	}
	if len(logs) == 0 {
		return 0, nil
	}
	return logs[len(logs)-1].Epoch + 1, nil
}

// OpenEpoch registers the next log of an appliance. It must show the newest
// checkpoint that was cosigned for it, so that nothing witnessed is forgotten.
// Asked again before the new log has an entry, it gives the same one.
func (s *Service) OpenEpoch(ctx context.Context, a store.Appliance, last []byte, reason string) (store.Log, error) {
	if len(reason) > 1024 {
		reason = reason[:1024]
	}
	newest, err := s.newestLog(ctx, a.SiteID, a.ID)
	if err != nil {
		return store.Log{}, err
	}
	held, err := s.store.Witnessed(ctx, newest.Origin)
	if err != nil {
		return store.Log{}, fmt.Errorf("reading witness of %s: %w", newest.Origin, err)
	}
	if held.Size == 0 {
		if bytes.Equal(newest.Previous, last) {
			return newest, nil
		}
		return store.Log{}, fmt.Errorf("%w: the log %s is still empty", ErrEpoch, newest.Origin)
	}
	if !bytes.Equal(held.Checkpoint, last) {
		return store.Log{}, fmt.Errorf("%w: the checkpoint shown is not the one last cosigned for %s", ErrEpoch, newest.Origin)
	}
	epoch, err := s.nextEpoch(ctx, a.SiteID)
	if err != nil {
		return store.Log{}, err
	}
	next := newLog(a, epoch, reason, last)
	if err := s.store.AddLog(ctx, next); err != nil {
		return store.Log{}, fmt.Errorf("opening log %s: %w", next.Origin, err)
	}
	return next, nil
}
