package order

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/policy"
	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/remote/ssh"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/appliance/internal/translog"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
	"github.com/osiriscare/osiris/shared/runbook"
)

// site is the appliance of one target, with a Central and a host that obey the
// script.
type site struct {
	t       *testing.T
	central *rehearsal.Site
	dir     string
	began   time.Time
	stop    func()

	orders    *Orders
	store     *store.Store
	placed    map[string]*trustv1.SignedEnvelope
	names     map[string]string // by order id
	sequence  uint64
	catalogue *runbook.Catalogue

	mu      sync.Mutex
	stuck   bool
	torn    bool
	logged  map[string]bool
	tier    trustlite.Tier
	targets []script.Target
	shows   []string
	pin     string
	host    executor
}

func newSite(t *testing.T) *site {
	central, err := rehearsal.NewSite(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	books, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	s := &site{
		t: t, central: central, dir: t.TempDir(), began: time.Now(), placed: map[string]*trustv1.SignedEnvelope{}, names: map[string]string{},
		catalogue: books, logged: map[string]bool{}, tier: trustlite.Tier_TIER_SELF_HEAL,
		host: executor{next: "healed", journal: map[[16]byte]*drift.Result{}, waits: map[[16]byte]string{}},
	}
	s.target("t_1")
	s.start()
	return s
}

var loaded = sync.OnceValues(runbook.Load)

func (s *site) start() {
	st, err := store.Open(s.t.Context(), filepath.Join(s.dir, "state.db"), policy.Schema, outbox.Schema, Schema)
	if err != nil {
		s.t.Fatal(err)
	}
	holder, err := policy.New(s.t.Context(), policy.Config{
		Pin: s.central.Pin(), SiteID: rehearsal.SiteID, Trust: s.central.Identity.Claim.GetTrust(), Policy: s.central.Identity.Claim.GetPolicy(),
	}, st)
	if err != nil {
		s.t.Fatal(err)
	}
	s.store, s.orders = st, New(Config{SiteID: rehearsal.SiteID, ApplianceID: rehearsal.ApplianceID, Version: "1"}, st, holder)
	r := NewRunner(Deps{
		Orders: s.orders, Executor: &s.host, Targets: s, Hosts: s, Policy: s, Catalogue: s.catalogue, Outbox: s, Logged: s, Keys: s, Shower: s,
		Versions: holder, Poke: func() {}, Log: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	s.stop = func() {
		cancel()
		if err := errors.Join(<-ended, st.Close()); err != nil {
			s.t.Error(err)
		}
	}
}

func (s *site) do(what string, args ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch what {
	case "order":
		s.order(args[0], args[1:]...)
	case "checkin":
		s.mu.Unlock()
		defer s.mu.Lock()
		return s.checkIn(args)
	case "host":
		s.host.set(args[0])
	case "ends":
		s.host.end(drift.Outcome(args[0]))
	case "tier":
		n, _ := strconv.Atoi(args[0])
		s.tier = trustlite.Tier(n) //nolint:gosec // of a test
	case "targets":
		s.target(args...)
	case "shows":
		s.shows = args
	case "pin":
		s.pin = args[0]
	case "torn":
		s.torn = true
	case "log":
		s.stuck = args[0] == "stuck"
		s.empty(s.t.Context())
	case "restart":
		s.mu.Unlock()
		defer s.mu.Lock()
		s.stop()
		if len(args) > 0 {
			s.dir = s.t.TempDir()
		}
		s.start()
	case "wait":
	default:
		s.t.Fatalf("there is no step %q", what)
	}
	return ""
}

// order makes an order; words change it before it is signed, or how.
func (s *site) order(name string, words ...string) {
	book, err := s.catalogue.Get("windows.firewall.enable")
	if err != nil {
		s.t.Fatal(err)
	}
	s.sequence++
	id := [16]byte{byte(s.sequence)}
	now, run := time.Now(), &centralv1.RunbookOrder{RunbookId: book.ID, RunbookHash: book.Hash[:]}
	o := &centralv1.Order{
		SiteId: rehearsal.SiteID, ApplianceId: rehearsal.ApplianceID, Sequence: s.sequence, OrderId: id[:], TargetId: "t_1", Target: "WS01",
		NotBeforeMs: now.UnixMilli(), NotAfterMs: now.Add(time.Minute).UnixMilli(), Person: "maria", What: &centralv1.Order_Runbook{Runbook: run},
		Meant: &centralv1.OrderedTarget{Kind: "workstation", Host: "ws01", Lab: true},
	}
	key, c := s.central.Online, orderContext
	for _, word := range words {
		verb, value, _ := strings.Cut(word, "=")
		n, _ := strconv.Atoi(value)
		switch verb {
		case "dry":
			run.DryRun = true
		case "book":
			run.RunbookId = value
		case "hash":
			run.RunbookHash = make([]byte, 32)
		case "check":
			run.CheckId = value
		case "target":
			o.TargetId, o.Meant = value, meant(target(value))
		case "host":
			o.Meant.Host = value
		case "unsaid":
			o.Meant = nil
		case "id":
			o.OrderId = []byte{byte(n), 15: 0}
		case "site":
			o.SiteId = value
		case "appliance":
			o.ApplianceId = value
		case "sequence":
			o.Sequence = uint64(n) //nolint:gosec // of a test
		case "from":
			o.NotBeforeMs = now.Add(time.Duration(n) * time.Second).UnixMilli()
		case "for":
			o.NotAfterMs = now.Add(time.Duration(n) * time.Second).UnixMilli()
		case "reset":
			o.What = &centralv1.Order_HostKey{HostKey: &centralv1.HostKeyOrder{Accept: ssh.Fingerprint(keyOf(value))}}
		case "newer":
			o.What = nil
		case "key":
			key = s.central.Root
		case "context":
			c = "osiris/decision/v1"
		default:
			s.t.Fatalf("there is no word %q", word)
		}
	}
	s.names[fmt.Sprintf("%x", o.GetOrderId())] = name
	s.placed[name] = seal(s.t, key, c, o)
}

// keys are in errors, and random.
var keys = regexp.MustCompile("[0-9a-f]{64}")

// checkIn tells Central what the appliance has to tell and gives it orders.
// Central confirms every result.
func (s *site) checkIn(names []string) string {
	m := &centralv1.CheckInRequest{}
	if err := s.orders.Tell(s.t.Context(), m); err != nil {
		s.t.Fatal(err)
	}
	answer := &centralv1.CheckInResponse{}
	var told []string
	for _, r := range m.GetOrderReports() {
		word := strings.ToLower(strings.TrimPrefix(r.GetState().String(), "ORDER_STATE_"))
		if r.GetResult() != nil {
			word = r.GetResult().GetOutcome()
			answer.SettledOrders = append(answer.SettledOrders, r.GetOrderId())
		}
		told = append(told, s.names[fmt.Sprintf("%x", r.GetOrderId())]+" "+word)
	}
	for _, name := range names {
		answer.Orders = append(answer.Orders, s.placed[name])
	}
	changed, err := s.orders.Take(s.t.Context(), answer)
	said := fmt.Sprintf("told %d %q, news %t; ", m.GetOrderSequence(), told, changed)
	if err != nil {
		said += "error: " + keys.ReplaceAllString(err.Error(), "KEY") + "; "
	}
	return said
}

// now is how everything stands.
func (s *site) now() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, err := s.orders.list(s.t.Context(), "", 100)
	if err != nil {
		s.t.Fatal(err)
	}
	var orders []string
	for _, r := range rows {
		words := s.names[r.ID] + " " + string(r.State)
		if r.Detail != "" {
			words += " (" + r.Detail + ")"
		}
		if r.Result != nil {
			words += " " + r.Result.GetOutcome() + " (" + s.named(r.Result.GetMessage()) + ")"
			if r.Result.GetAdvice() != "" {
				words += " [" + r.Result.GetAdvice() + "]"
			}
		}
		orders = append(orders, words)
	}
	line := fmt.Sprintf("orders %q ran %d logged %d", orders, s.host.count(), len(s.logged))
	if s.pin != "" {
		line += " pin " + s.pin
	}
	return line
}

func (s *site) target(ids ...string) {
	s.targets = nil
	for _, id := range ids {
		s.targets = append(s.targets, target(id))
	}
}

func target(id string) script.Target {
	t := script.Target{ID: id, Kind: script.Workstation, Host: "ws01", Lab: true}
	if strings.HasPrefix(id, "t_linux") {
		t.Kind, t.Host = script.Linux, "srv9"
	}
	if strings.HasPrefix(id, "t_pinned") {
		t.Kind, t.Pin = script.Linux, [32]byte{1}
	}
	t.Lab = !strings.HasSuffix(id, "_live")
	return t
}

func meant(t script.Target) *centralv1.OrderedTarget {
	m := &centralv1.OrderedTarget{Kind: string(t.Kind), Host: t.Host, Lab: t.Lab}
	if t.Pin != [32]byte{} {
		m.Pin = t.Pin[:]
	}
	return m
}

// List, Target, TierOf, Parameters: what the appliance knows.

func (s *site) List(context.Context) ([]script.Target, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.targets, nil
}

func (s *site) Target(_ context.Context, t host.Target) (host.Host, error) {
	return host.Host{ID: "h_" + t.ID, Hostname: t.Hostname, DeviceType: t.DeviceType}, nil
}

func (s *site) TierOf(host.Host, int64) trustlite.Tier {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tier
}

func (s *site) Parameters(check.ID) check.Parameters { return nil }

// Holds, Wake, Get: evidence is logged at once unless the log is stuck.

func (s *site) Holds(ctx context.Context, id string) (held bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.empty(ctx)
	err = s.store.Reader().QueryRowContext(ctx, "SELECT count(*) > 0 FROM outbox WHERE id = ?", id).Scan(&held)
	return held, err
}

func (s *site) Wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.empty(s.t.Context())
}

// empty is called with mu held.
func (s *site) empty(ctx context.Context) {
	if s.stuck {
		return
	}
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT id FROM outbox")
		if err != nil {
			return err
		}
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			s.logged[id] = true
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM outbox")
		return err
	})
	if err != nil {
		s.t.Error(err)
	}
}

func (s *site) Get(_ context.Context, id [16]byte) (translog.Row, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for logged := range s.logged {
		if raw, err := bundle.RawID(logged); err == nil && raw == id {
			return translog.Row{}, nil
		}
	}
	return translog.Row{}, translog.ErrNotFound
}

// keyOf is the SSH key of a name, nil of none.
func keyOf(name string) []byte {
	if name == "" {
		return nil
	}
	seed := sha256.Sum256([]byte(name))
	public, err := xssh.NewPublicKey(ed25519.NewKeyFromSeed(seed[:]).Public())
	if err != nil {
		return nil // it is a key of Ed25519
	}
	return public.Marshal()
}

// keyNames are all that scripts have.
var keyNames = []string{"old", "new", "other", "evil"}

func nameOf(key []byte) string {
	for _, name := range keyNames {
		if bytes.Equal(keyOf(name), key) {
			return name
		}
	}
	return ""
}

// named has names for keys, and for the hash of the runbook, which changes with
// the catalogue.
func (s *site) named(text string) string {
	if book, err := s.catalogue.Get("windows.firewall.enable"); err == nil {
		text = strings.ReplaceAll(text, hex.EncodeToString(book.Hash[:8]), "OURS")
	}
	for _, name := range keyNames {
		text = strings.ReplaceAll(text, ssh.Fingerprint(keyOf(name)), name)
	}
	return text
}

// Known, Reset, Replace, Shown: keys go by names in scripts.

func (s *site) Known(context.Context, string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return keyOf(s.pin), nil
}

func (s *site) Reset(context.Context, string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	had := s.pin != ""
	s.pin = ""
	if s.torn {
		s.torn = false
		return had, errors.New("the disk is full")
	}
	return had, nil
}

func (s *site) Replace(_ context.Context, _ string, key []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pin = nameOf(key)
	return nil
}

func (s *site) Shown(_ context.Context, _ ssh.Endpoint, want func(string) bool) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.shows) == 0 {
		return nil, ssh.ErrUnreachable
	}
	for _, key := range s.shows {
		if want(ssh.Fingerprint(keyOf(key))) {
			return keyOf(key), nil
		}
	}
	return nil, nil //nolint:nilnil // as Road.Shown
}
