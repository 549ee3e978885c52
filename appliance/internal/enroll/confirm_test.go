package enroll_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/appliance/internal/directory"
	"github.com/osiriscare/osiris/appliance/internal/enroll"
	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	"github.com/osiriscare/osiris/appliance/internal/store"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/signed"
)

// domain is a directory that knows computers by name.
type domain map[string]directory.Result

func (d domain) Match(c directory.Claim, _ time.Time) directory.Result {
	if len(d) == 0 {
		return directory.None
	}
	if result, ok := d[c.Hostname]; ok {
		return result
	}
	return directory.NoMatch
}

// site is a running appliance with a decider beside it, as the command line makes
// one.
type site struct {
	*rehearsal.Appliance
	*enroll.Enroll
	t      *testing.T
	proofs []*bundle.Bundle
}

func start(t *testing.T, d enroll.Directory) *site {
	t.Helper()
	dir := t.TempDir()
	made, err := rehearsal.NewSite(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t}
	if s.Appliance, err = rehearsal.Start(t.Context(), made, dir, rehearsal.Options{NoEvidence: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	s.Enroll, err = enroll.New(t.Context(), enroll.Deps{
		SiteID: rehearsal.SiteID, ApplianceID: rehearsal.ApplianceID, Version: "rehearsal", Store: s.Store, Policy: s.Policy,
		Directory: d, Log: slog.New(slog.DiscardHandler),
		Drafts: func(_ context.Context, _ *store.Tx, b *bundle.Bundle) error {
			s.proofs = append(s.proofs, b)
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// register enrols a machine with a token of the kind.
func (s *site) register(kind enroll.Kind, hostname, guid string) string {
	s.t.Helper()
	text, err := enroll.NewToken(s.t.Context(), s.Store, enroll.Token{Kind: kind, Tier: 1, Count: 1, Valid: time.Hour})
	if err != nil {
		s.t.Fatal(err)
	}
	m, err := rehearsal.NewAgent(hostname)
	if err != nil {
		s.t.Fatal(err)
	}
	m.Host.AdObjectGuid = guid
	c, err := m.Dial(s.t.Context(), s.Addr, s.Site.Identity.SiteRoot)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := m.Register(s.t.Context(), c, text); err != nil {
		s.t.Fatal(err)
	}
	return m.ID
}

func (s *site) says(agentID string) directory.Result {
	s.t.Helper()
	said, err := s.Confirmations(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return said[agentID]
}

func TestAnApprovalNeedsTheDirectoryOrAWordOfItsOwn(t *testing.T) {
	for _, c := range []struct {
		name string
		d    domain
		word bool
		want string // in the evidence; empty: refused
	}{
		{"without a domain", nil, false, "was approved by alice"},
		{"matched by objectGUID", domain{"ws01": directory.Matched}, false, "was approved (the directory: matched) by alice"},
		{"matched by name", domain{"ws01": directory.Named}, false, "(the directory: named)"},
		{"unknown to the domain", domain{"ws02": directory.Matched}, false, ""},
		{"before the domain was listed", domain{"ws01": directory.Unknown}, false, ""},
		{"in conflict", domain{"ws01": directory.Conflict}, false, ""},
		{"unknown to the domain, with the word", domain{"ws02": directory.Matched}, true, "was approved without the directory (it says: no_match) by alice"},
		{"matched, with the word", domain{"ws01": directory.Matched}, true, "(the directory: matched)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := start(t, c.d)
			id := s.register(enroll.Rollout, "ws01", "")
			err := s.Approve(t.Context(), enroll.Decision{AgentID: id, Person: "alice", Reason: "room 3", WithoutDirectory: c.word})
			if c.want == "" {
				if !errors.Is(err, enroll.ErrUnconfirmed) || len(s.proofs) != 0 {
					t.Errorf("Approve = %v with %d bundles; want ErrUnconfirmed", err, len(s.proofs))
				}
				return
			}
			if err != nil || len(s.proofs) != 1 || !strings.Contains(s.proofs[0].Summary, c.want) {
				t.Errorf("Approve = %v, proved by %v; want %q", err, s.proofs, c.want)
			}
		})
	}
}

func TestAComputerThatAnotherAgentHasIsInConflict(t *testing.T) {
	const guid = "00000000-0000-0000-0000-000000000001"
	s := start(t, domain{"ws01": directory.Matched, "ws02": directory.Named})
	first := s.register(enroll.Single, "ws01", guid)
	second := s.register(enroll.Rollout, "ws01", strings.ToUpper(guid))
	named := s.register(enroll.Rollout, "WS01", "")
	other := s.register(enroll.Rollout, "ws02", "")
	for id, want := range map[string]directory.Result{
		first: directory.None, second: directory.Conflict, named: directory.Conflict, other: directory.Named,
	} {
		if got := s.says(id); got != want {
			t.Errorf("of %s the directory says %q; want %q", id, got, want)
		}
	}
	if err := s.Approve(t.Context(), enroll.Decision{AgentID: other, Person: "alice", Reason: "room 3"}); err != nil {
		t.Fatal(err)
	}
	if got := s.says(s.register(enroll.Rollout, "ws02", "")); got != directory.Conflict {
		t.Errorf("of one that comes after the first was approved it says %q; want conflict", got)
	}
	chain, err := s.Site.Revoke(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Policy.Offer(t.Context(), chain, nil); err != nil {
		t.Fatal(err)
	}
	if got := s.says(second); got != directory.Conflict {
		t.Errorf("while another waits for the same computer it says %q; want conflict", got)
	}
	if chain, err = s.Site.Revoke(named); err == nil {
		err = s.Policy.Offer(t.Context(), chain, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := s.says(second); got != directory.Matched {
		t.Errorf("once both others are revoked it says %q; want matched", got)
	}
}

func TestOfTwoThatWaitForOneComputerNeitherIsBelieved(t *testing.T) {
	const guid = "00000000-0000-0000-0000-000000000005"
	s := start(t, domain{"WS05": directory.Matched, "WS06": directory.Matched, "WS07": directory.Named})
	liar, honest := s.register(enroll.Rollout, "WS05", guid), s.register(enroll.Rollout, "WS05", strings.ToUpper(guid))
	alone := s.register(enroll.Rollout, "WS06", "00000000-0000-0000-0000-000000000006")
	one, two := s.register(enroll.Rollout, "WS07", ""), s.register(enroll.Rollout, "WS07", "")
	for id, want := range map[string]directory.Result{
		liar: directory.Conflict, honest: directory.Conflict, alone: directory.Matched, one: directory.Conflict, two: directory.Conflict,
	} {
		if got := s.says(id); got != want {
			t.Errorf("of %s the directory says %q; want %q", id, got, want)
		}
	}
}

func TestCentralsDecisionIsJudgedByTheDirectoryToo(t *testing.T) {
	s := start(t, domain{"ws02": directory.Matched})
	id := s.register(enroll.Rollout, "ws01", "")
	obey := func(version uint64, verb trustv1.AgentVerb) {
		t.Helper()
		payload, err := proto.Marshal(&trustv1.AgentDecision{
			SiteId: rehearsal.SiteID, Version: version, AgentId: id, Verb: verb, Person: "maria", Reason: "ticket 4711",
		})
		if err != nil {
			t.Fatal(err)
		}
		e := s.Site.Online.Seal(signed.Decision, payload)
		taken, err := s.Obey(t.Context(), []*trustv1.SignedEnvelope{{Payload: e.Payload, KeyId: e.KeyID[:], Signature: e.Signature}})
		if err != nil || taken != 1 {
			t.Fatalf("Obey = %d, %v", taken, err)
		}
	}
	obey(100, trustv1.AgentVerb_AGENT_VERB_APPROVE)
	if s.says(id) != directory.NoMatch || len(s.proofs) != 0 {
		t.Errorf("an approval that the domain does not confirm has an effect: %v", s.proofs)
	}
	var void string
	if err := s.Store.Reader().QueryRowContext(t.Context(), "SELECT void FROM decision WHERE version = 100").Scan(&void); err != nil || !strings.Contains(void, "no_match") {
		t.Errorf("it is kept with %q, %v; want why it had no effect", void, err)
	}
	obey(101, trustv1.AgentVerb_AGENT_VERB_APPROVE_WITHOUT_DIRECTORY)
	if len(s.proofs) != 1 || !strings.Contains(s.proofs[0].Summary, "without the directory") || !strings.Contains(s.proofs[0].Summary, "maria at Central") {
		t.Errorf("with the word it is proved by %v", s.proofs)
	}
}
