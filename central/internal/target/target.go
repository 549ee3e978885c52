// Package target keeps the hosts that appliances scan without an agent, per
// site, the domains that they list, and what they found there. A list is given whole: an empty one means that there is nothing to scan.
// Its state is the SHA-256 of what the appliance is given; an appliance that
// holds that state is told nothing. Which credential goes with a target is what
// the target says, and never found by a name that matches (DESIGN D16).
//
// ErrTarget means that no appliance could reach such a target; it says why.
package target

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"

	"github.com/osiriscare/osiris/central/internal/auth"
	"github.com/osiriscare/osiris/central/internal/store"
)

// ErrTarget refuses a target.
var ErrTarget = errors.New("not a target")

// maxTargets bounds a site: a list travels in one answer.
const maxTargets = 5000

// Store keeps targets.
type Store interface {
	Site(ctx context.Context, id store.SiteID) (store.Site, error)
	Appliances(ctx context.Context, site store.SiteID) ([]store.Appliance, error)
	AddTarget(ctx context.Context, t store.Target, replace bool) error
	Targets(ctx context.Context, site store.SiteID) ([]store.Target, error)
	RemoveTarget(ctx context.Context, site store.SiteID, name string) error
	Reach(ctx context.Context, site store.SiteID, id store.ApplianceID) (store.Reach, error)
	Credentials(ctx context.Context, site store.SiteID, appliance store.ApplianceID) ([]store.Credential, error)
	DirectoryState(ctx context.Context, site store.SiteID, id store.ApplianceID) ([]byte, error)
	PutDirectory(ctx context.Context, d store.Directory) error
	RemoveDirectory(ctx context.Context, site store.SiteID, id store.ApplianceID) error
}

// Service has the targets of all sites.
type Service struct{ store Store }

// New makes the service.
func New(s *store.Store) *Service { return &Service{store: s} }

// Add keeps a target. store.ErrConflict means that there is one of that name and
// it may not be replaced.
func (s *Service) Add(ctx context.Context, site store.SiteID, t *centralv1.Target, replace bool) error {
	if _, err := s.store.Site(ctx, site); err != nil {
		return fmt.Errorf("reading site %s: %w", site, err)
	}
	if err := s.check(ctx, site, t); err != nil {
		return err
	}
	held, err := s.store.Targets(ctx, site)
	if err != nil {
		return fmt.Errorf("reading targets of %s: %w", site, err)
	}
	if len(held) >= maxTargets {
		return fmt.Errorf("%w: the site has %d, and no appliance scans more", ErrTarget, len(held))
	}
	t = proto.CloneOf(t)
	t.AddedMs, t.AddedBy, t.TargetId = time.Now().UnixMilli(), auth.Operator(ctx), store.NewTargetID()
	for _, row := range held {
		if row.Name == t.GetName() {
			t.TargetId = sameHost(row, t)
		}
	}
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(t)
	if err != nil {
		return fmt.Errorf("writing target: %w", err)
	}
	err = s.store.AddTarget(ctx, store.Target{
		SiteID: site, Name: t.GetName(), Kind: int32(t.GetKind()), ApplianceID: store.ApplianceID(t.GetApplianceId()),
		Credential: t.GetCredential(), ScanWith: t.GetScanWith(), Body: body,
	}, replace)
	if errors.Is(err, store.ErrConflict) {
		return fmt.Errorf("%w: the site has a target %s; --replace puts this one in its place", err, t.GetName())
	}
	return err
}

// sameHost is the id of a target that takes the place of another: its own, or the
// other's when only settings of the same host change.
func sameHost(row store.Target, t *centralv1.Target) string {
	before := &centralv1.Target{}
	if proto.Unmarshal(row.Body, before) != nil || before.GetHost() != t.GetHost() || before.GetTargetId() == "" {
		return t.GetTargetId()
	}
	return before.GetTargetId()
}

// List gives a site's targets by name, and the live appliances that hold another
// list.
func (s *Service) List(ctx context.Context, site store.SiteID) ([]*centralv1.Target, []string, error) {
	if _, err := s.store.Site(ctx, site); err != nil {
		return nil, nil, fmt.Errorf("reading site %s: %w", site, err)
	}
	rows, err := s.store.Targets(ctx, site)
	if err != nil {
		return nil, nil, fmt.Errorf("reading targets of %s: %w", site, err)
	}
	appliances, err := s.store.Appliances(ctx, site)
	if err != nil {
		return nil, nil, fmt.Errorf("reading appliances of %s: %w", site, err)
	}
	var waiting []string
	for _, a := range appliances {
		if a.Retired {
			continue
		}
		held, err := s.store.Reach(ctx, site, a.ID)
		if err != nil {
			return nil, nil, fmt.Errorf("reading appliance %s: %w", a.ID, err)
		}
		if string(held.TargetsState) != string(state(rows, a.ID)) {
			waiting = append(waiting, string(a.ID))
		}
	}
	all, err := decode(rows)
	return all, waiting, err
}

// Remove forgets a target or gives store.ErrNotFound.
func (s *Service) Remove(ctx context.Context, site store.SiteID, name string) error {
	if err := s.store.RemoveTarget(ctx, site, name); err != nil {
		return fmt.Errorf("removing target %.100q of %s: %w", name, site, err)
	}
	return nil
}

// Answer puts the lists of an appliance into a check-in's answer, unless it holds
// them already.
func (s *Service) Answer(ctx context.Context, site store.SiteID, id store.ApplianceID, held []byte, m *centralv1.CheckInResponse) error {
	rows, err := s.store.Targets(ctx, site)
	if err != nil {
		return fmt.Errorf("reading targets of %s: %w", site, err)
	}
	now := state(rows, id)
	if string(now) == string(held) {
		return nil
	}
	var own []store.Target
	for _, row := range rows {
		if scans(row, id) {
			own = append(own, row)
		}
	}
	all, err := decode(own)
	if err != nil {
		return err
	}
	lists := map[centralv1.TargetKind]*centralv1.TargetList{
		centralv1.TargetKind_TARGET_KIND_WINDOWS: {}, centralv1.TargetKind_TARGET_KIND_LINUX: {}, centralv1.TargetKind_TARGET_KIND_WORKSTATION: {}, centralv1.TargetKind_TARGET_KIND_DOMAIN: {},
	}
	for _, t := range all {
		if list := lists[t.GetKind()]; list != nil {
			list.Targets = append(list.Targets, t)
		}
	}
	m.TargetsState = now
	m.WindowsTargets = lists[centralv1.TargetKind_TARGET_KIND_WINDOWS]
	m.LinuxTargets = lists[centralv1.TargetKind_TARGET_KIND_LINUX]
	m.WorkstationTargets = lists[centralv1.TargetKind_TARGET_KIND_WORKSTATION]
	m.DomainTargets = lists[centralv1.TargetKind_TARGET_KIND_DOMAIN]
	return nil
}

// scans reports whether an appliance scans a target.
func scans(row store.Target, id store.ApplianceID) bool {
	return row.ApplianceID == "" || row.ApplianceID == id
}

// state tells the list of an appliance from every other; it is never empty.
func state(rows []store.Target, id store.ApplianceID) []byte {
	h := sha256.New()
	h.Write([]byte("osiris targets v1"))
	for _, row := range rows {
		if scans(row, id) {
			h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(row.Body)))) //nolint:gosec // a body has hundreds of bytes
			h.Write(row.Body)
		}
	}
	return h.Sum(nil)
}

func decode(rows []store.Target) ([]*centralv1.Target, error) {
	all := make([]*centralv1.Target, len(rows))
	for n, row := range rows {
		all[n] = &centralv1.Target{}
		if err := proto.Unmarshal(row.Body, all[n]); err != nil {
			return nil, fmt.Errorf("reading target %s of %s: %w", row.Name, row.SiteID, err)
		}
	}
	return all, nil
}
