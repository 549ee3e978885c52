// Package order lets operators have an appliance do something once: run a runbook
// on a host without an agent, or forget an SSH host's key (DESIGN D13, D26). An
// order is bound to its site, appliance, target, the runbook's hash and
// parameters, a window of an hour at most, a random id and a sequence, which is
// max(previous + 1, Unix seconds) among the appliance's. It can only choose what
// the catalogue of this program has. It is signed when it is asked for, by the
// request's own code, and kept with its signature: who writes to the database
// cannot make an order, because a row that the online key has not signed is never
// sent. It is sent at check-ins until the appliance reports it; reports and results
// come back with check-ins. It carries what the target was, since the list of
// targets is not signed. Until it is sent it can be withdrawn. Times are Unix
// milliseconds.
//
// ErrOrder means that nobody could carry it out; it says why.
package order

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/shared/signed"

	"github.com/osiriscare/osiris/central/internal/auth"
	"github.com/osiriscare/osiris/central/internal/keyring"
	"github.com/osiriscare/osiris/central/internal/store"
)

// ErrOrder refuses an order.
var ErrOrder = errors.New("this cannot be ordered")

// Limits.
const (
	usualWindow = 15 * time.Minute
	maxWindow   = time.Hour
	// clockSlack is how far an appliance's clock may be behind ours.
	clockSlack = 5 * time.Minute
	// maxWaiting bounds what an appliance has not taken yet.
	maxWaiting = 100
	// attempts bounds how often a sequence is taken by somebody else.
	attempts = 10
	maxWords = 500
)

// Store keeps orders.
type Store interface {
	Site(ctx context.Context, id store.SiteID) (store.Site, error)
	Appliances(ctx context.Context, site store.SiteID) ([]store.Appliance, error)
	Targets(ctx context.Context, site store.SiteID) ([]store.Target, error)
	AddOrder(ctx context.Context, o store.Order) error
	Order(ctx context.Context, site store.SiteID, id []byte) (store.Order, error)
	Orders(ctx context.Context, site store.SiteID, before store.OrderKey, limit int) ([]store.Order, error)
	WaitingOrders(ctx context.Context, id store.ApplianceID, after uint64, nowMs int64, limit int) ([]store.Order, error)
	NewestOrder(ctx context.Context, id store.ApplianceID) (uint64, error)
	GiveOrder(ctx context.Context, id []byte, nowMs int64) error
	CancelOrder(ctx context.Context, site store.SiteID, id []byte, person string, nowMs int64) error
	SaveOrderMark(ctx context.Context, id store.ApplianceID, sequence uint64) error
	SaveOrderReport(ctx context.Context, id store.ApplianceID, order []byte, state int32, body []byte, nowMs int64) error
}

// Service has the orders of all sites.
type Service struct {
	keys      *keyring.Keyring
	store     Store
	catalogue *runbook.Catalogue
	log       *slog.Logger
}

// New makes the service.
func New(keys *keyring.Keyring, s *store.Store, catalogue *runbook.Catalogue, log *slog.Logger) *Service {
	return &Service{keys: keys, store: s, catalogue: catalogue, log: log.With("component", "order")}
}

// Place is where an order goes, and why.
type Place struct {
	Site      store.SiteID
	Target    string // its name
	Appliance store.ApplianceID
	Reason    string
	ValidMs   int64
}

// Runbook orders a runbook.
func (s *Service) Runbook(ctx context.Context, p Place, r *centralv1.RunbookOrder) (*centralv1.PlacedOrder, error) {
	o, t, err := s.draft(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := s.checkRunbook(r, t); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOrder, err)
	}
	o.What = &centralv1.Order_Runbook{Runbook: r}
	return s.place(ctx, o)
}

// HostKey orders that an SSH host's pinned key is forgotten.
func (s *Service) HostKey(ctx context.Context, p Place, h *centralv1.HostKeyOrder) (*centralv1.PlacedOrder, error) {
	o, t, err := s.draft(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := checkHostKey(h, t); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOrder, err)
	}
	o.What = &centralv1.Order_HostKey{HostKey: h}
	return s.place(ctx, o)
}

// draft has all but what is ordered and the sequence.
func (s *Service) draft(ctx context.Context, p Place) (*centralv1.Order, *centralv1.Target, error) {
	window := time.Duration(p.ValidMs) * time.Millisecond
	switch {
	case p.ValidMs == 0:
		window = usualWindow
	case p.ValidMs < 0 || p.ValidMs > maxWindow.Milliseconds():
		return nil, nil, fmt.Errorf("%w: it may wait an hour at most", ErrOrder)
	}
	if err := checkReason(p.Reason); err != nil {
		return nil, nil, err
	}
	if _, err := s.store.Site(ctx, p.Site); err != nil {
		return nil, nil, fmt.Errorf("reading site %s: %w", p.Site, err)
	}
	t, err := s.target(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	appliance, err := s.appliance(ctx, p, t)
	if err != nil {
		return nil, nil, err
	}
	id := make([]byte, 16)
	rand.Read(id) // never fails since Go 1.24
	now := time.Now()
	return &centralv1.Order{
		SiteId: string(p.Site), ApplianceId: string(appliance), OrderId: id, TargetId: t.GetTargetId(), Target: t.GetName(),
		NotBeforeMs: now.Add(-min(clockSlack, maxWindow-window)).UnixMilli(), NotAfterMs: now.Add(window).UnixMilli(),
		Person: auth.Operator(ctx), Reason: p.Reason, MadeMs: now.UnixMilli(), Meant: meant(t),
	}, t, nil
}

func checkReason(words string) error {
	if len(words) > maxWords {
		return fmt.Errorf("%w: a reason has at most %d characters", ErrOrder, maxWords)
	}
	return nil
}

// kinds are the words for what can be ordered of.
var kinds = map[centralv1.TargetKind]string{
	centralv1.TargetKind_TARGET_KIND_WINDOWS: "windows", centralv1.TargetKind_TARGET_KIND_WORKSTATION: "workstation",
	centralv1.TargetKind_TARGET_KIND_LINUX: "linux",
}

// meant is what the target is now: somebody who changes the list afterwards
// changes no order.
func meant(t *centralv1.Target) *centralv1.OrderedTarget {
	return &centralv1.OrderedTarget{
		Kind: kinds[t.GetKind()], Host: t.GetHost(), Port: t.GetPort(), TlsName: t.GetTlsName(), Http: t.GetHttp(), AllowBasic: t.GetAllowBasic(),
		AllowPlain: t.GetAllowPlain(), Pin: t.GetPin(), Credential: t.GetCredential(), ObjectGuid: t.GetObjectGuid(), Lab: t.GetLab(),
	}
}

func (s *Service) target(ctx context.Context, p Place) (*centralv1.Target, error) {
	rows, err := s.store.Targets(ctx, p.Site)
	if err != nil {
		return nil, fmt.Errorf("reading targets of %s: %w", p.Site, err)
	}
	for _, row := range rows {
		if row.Name != p.Target {
			continue
		}
		t := &centralv1.Target{}
		if err := proto.Unmarshal(row.Body, t); err != nil {
			return nil, fmt.Errorf("reading target %s of %s: %w", row.Name, p.Site, err)
		}
		return t, nil
	}
	return nil, fmt.Errorf("%w: the site has no target %.100q; osirisctl target list shows them", ErrOrder, p.Target)
}

// appliance chooses who carries it out: the target's, or the only one.
func (s *Service) appliance(ctx context.Context, p Place, t *centralv1.Target) (store.ApplianceID, error) {
	all, err := s.store.Appliances(ctx, p.Site)
	if err != nil {
		return "", fmt.Errorf("reading appliances of %s: %w", p.Site, err)
	}
	wanted := store.ApplianceID(t.GetApplianceId())
	if wanted == "" {
		wanted = p.Appliance
	} else if p.Appliance != "" && p.Appliance != wanted {
		return "", fmt.Errorf("%w: target %s is for appliance %s", ErrOrder, t.GetName(), wanted)
	}
	var live []store.ApplianceID
	for _, a := range all {
		if !a.Retired && (wanted == "" || a.ID == wanted) {
			live = append(live, a.ID)
		}
	}
	switch {
	case len(live) == 1:
		return live[0], nil
	case wanted != "":
		return "", fmt.Errorf("%w: the site has no live appliance %.64q", ErrOrder, wanted)
	case len(live) == 0:
		return "", fmt.Errorf("%w: the site has no appliance", ErrOrder)
	}
	return "", fmt.Errorf("%w: the site has several appliances and the target names none: choose with --appliance, osirisctl sites lists them", ErrOrder)
}

// place gives the order its sequence, signs it and keeps it.
func (s *Service) place(ctx context.Context, o *centralv1.Order) (*centralv1.PlacedOrder, error) {
	id := store.ApplianceID(o.GetApplianceId())
	waiting, err := s.store.WaitingOrders(ctx, id, 0, time.Now().UnixMilli(), maxWaiting)
	if err != nil {
		return nil, fmt.Errorf("reading orders of %s: %w", id, err)
	}
	if len(waiting) >= maxWaiting {
		return nil, fmt.Errorf("%w: %d wait for appliance %s already", ErrOrder, len(waiting), id)
	}
	for range attempts {
		newest, err := s.store.NewestOrder(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("reading orders of %s: %w", id, err)
		}
		o.Sequence = max(newest+1, uint64(max(time.Now().Unix(), 0)))
		body, err := proto.Marshal(o)
		if err != nil {
			return nil, fmt.Errorf("writing order: %w", err)
		}
		e := s.keys.Online.Seal(signed.Order, body)
		row := store.Order{
			SiteID: store.SiteID(o.GetSiteId()), ApplianceID: id, Sequence: o.GetSequence(), ID: o.GetOrderId(), NotAfterMs: o.GetNotAfterMs(),
			Body: body, KeyID: e.KeyID[:], Signature: e.Signature,
		}
		if err := s.store.AddOrder(ctx, row); err == nil {
			return s.one(ctx, row)
		} else if !errors.Is(err, store.ErrConflict) {
			return nil, fmt.Errorf("keeping order for %s: %w", id, err)
		}
	}
	return nil, fmt.Errorf("keeping order for %s: %w", id, store.ErrConflict)
}
