package heal

import (
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/catalog"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
	"github.com/osiriscare/osiris/shared/runbook"
)

// roles are what a rule asks of a host beside its system.
var roles = map[string]string{"windows.spooler.disable": "5", "windows.spooler.restrict": "1"}

// fails makes the incident that the runbook is for.
func (s *site) fails(book *runbook.Runbook) incident.Incident {
	s.t.Helper()
	id := book.Checks[0]
	c, _ := catalog.Find(id)
	v := &drift.Verdict{DriftType: c.DriftType, Known: true}
	v.Check, v.Status, v.Severity, v.Reason = id, check.Fail, check.High, "because"
	if role := roles[book.ID]; role != "" {
		v.Facts.Add(check.FactDomainRole, role)
	}
	e := &drift.Event{Kind: drift.KindVerdict, Verdict: v}
	e.Site, e.HostID, e.Source, e.Key.AgentID, e.ReceivedTime = "s_1", "h_1", drift.SourceAgent, "ag_1", time.UnixMilli(1000)
	from := host.Host{ID: "h_1", AgentID: "ag_1", Hostname: "ws01", OS: book.Platform}
	s.write(func(tx *store.Tx) error {
		changes, err := s.healer.Accept(s.t.Context(), tx, e, from)
		if err == nil && len(changes) != 1 {
			s.t.Fatalf("a failure of %s made %d incidents", id, len(changes))
		}
		return err
	})
	return s.incident(incident.Open)
}

func (s *site) incident(state incident.State) incident.Incident {
	s.t.Helper()
	all, err := incident.InState(s.t.Context(), s.store.Reader(), state, 10)
	if err != nil || len(all) != 1 {
		s.t.Fatalf("%d incidents are %s, %v; want one", len(all), state, err)
	}
	return all[0]
}

// round decides and delivers once; evidence was logged before.
func (s *site) round(now int64) {
	s.t.Helper()
	if _, err := s.healer.decideAll(s.t.Context(), now); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.healer.deliverAll(s.t.Context(), now); err != nil {
		s.t.Fatal(err)
	}
}

// proven are the kinds of evidence that wait for the log, and forgets them.
func (s *site) proven() (kinds []string) {
	s.t.Helper()
	rows, err := s.store.Reader().QueryContext(s.t.Context(), "SELECT kind FROM outbox ORDER BY n")
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	for rows.Next() {
		var kind string
		if err := rows.Scan(&kind); err != nil {
			s.t.Fatal(err)
		}
		kinds = append(kinds, kind)
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	s.write(func(tx *store.Tx) error { _, err := tx.ExecContext(s.t.Context(), "DELETE FROM outbox"); return err })
	return kinds
}

// eachRunbook plays one runbook that agents have on a site of its own.
func eachRunbook(t *testing.T, play func(t *testing.T, s *site, book *runbook.Runbook)) {
	t.Helper()
	books, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, book := range books.All() {
		if book.Roads.Agent == nil {
			continue
		}
		played++
		t.Run(book.ID, func(t *testing.T) {
			s := newSite(t)
			s.session = []byte("one")
			play(t, s, book)
		})
	}
	if played < 14 {
		t.Errorf("%d runbooks were played; agents have more", played)
	}
}

const monitored = "The policy only monitors this host"

func TestNoRunbookIsOrderedForAHostThatIsOnlyMonitored(t *testing.T) {
	eachRunbook(t, func(t *testing.T, s *site, book *runbook.Runbook) {
		s.tier = trustlite.Tier_TIER_MONITOR_ONLY
		s.fails(book)
		s.round(1000)
		i := s.incident(incident.Escalated)
		want := monitored
		if book.Disruptive || book.Reboot {
			want = "The repair interrupts people and needs an approval"
		}
		if i.Summary != want || len(s.sent) != 0 {
			t.Errorf("the incident says %q, %d commands were sent; want %q and none", i.Summary, len(s.sent), want)
		}
		if kinds := s.proven(); len(kinds) != 1 || kinds[0] != bundle.KindEscalation {
			t.Errorf("the evidence is %v; want the escalation", kinds)
		}
	})
}

func TestARunbookIsWithdrawnWhenTheHostIsOnlyMonitoredMeanwhile(t *testing.T) {
	eachRunbook(t, func(t *testing.T, s *site, book *runbook.Runbook) {
		s.fails(book)
		s.round(1000) // ordered; sent only when its evidence was logged
		if book.Disruptive || book.Reboot {
			if s.incident(incident.Escalated); len(s.sent) != 0 {
				t.Error("a runbook that interrupts people was sent by itself")
			}
			return
		}
		if i := s.incident(incident.Healing); i.RunbookID != book.ID {
			t.Fatalf("the rules chose %s", i.RunbookID)
		}
		if kinds := s.proven(); len(kinds) != 1 || kinds[0] != bundle.KindCommand {
			t.Errorf("the evidence is %v; want the order", kinds)
		}
		s.tier = trustlite.Tier_TIER_MONITOR_ONLY
		s.round(2000)
		if i := s.incident(incident.Escalated); i.Summary != monitored || i.Outcome != bundle.OutcomeRejected || len(s.sent) != 0 {
			t.Errorf("the incident says %q, %s, and %d commands were sent; want %q and none", i.Summary, i.Outcome, len(s.sent), monitored)
		}
		if kinds := s.proven(); len(kinds) != 1 || kinds[0] != bundle.KindEscalation {
			t.Errorf("the evidence is %v; want the escalation", kinds)
		}
	})
}
