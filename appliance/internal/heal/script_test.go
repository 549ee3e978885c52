package heal

import (
	"bufio"
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/remote"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
	"github.com/osiriscare/osiris/shared/rule"
	"github.com/osiriscare/osiris/shared/runbook"
)

var update = flag.Bool("update", false, "rewrite the want part of testdata/*.txtar")

// TestScripts runs testdata/*.txtar: what a step did is a line of "want".
//
//	at SECOND drift STATUS            a verdict of the agent
//	at SECOND seen SOURCE STATUS      a verdict of a host without an agent
//	at SECOND round                   the decision loop looks once
//	at SECOND logged                  the outbox was emptied
//	at SECOND session NAME | away     the agent's stream
//	at SECOND tier N                  the policy's tier
//	at SECOND result OUTCOME [AFTER]  of the newest command
//	at SECOND stranger OUTCOME        the same, from another agent
//	at SECOND restart                 the process begins anew on the same store
//	at SECOND clear                   an operator clears the escalation
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("scripts = %v, %v; want some", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(archive.Files[0].Data))
			if *update {
				archive.Files[1].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := string(archive.Files[1].Data); got != want {
				t.Errorf("script gave\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// site is one host with one agent, seen from the healer.
type site struct {
	t       *testing.T
	store   *store.Store
	healer  *Healer
	session []byte // nil while away
	tier    trustlite.Tier
	sent    []remote.Run
}

func (s *site) TierOf(string, int64) trustlite.Tier { return s.tier }
func (s *site) PolicyVersion() uint64               { return 7 }
func (s *site) Wake()                               {}

func (s *site) Holds(ctx context.Context, id string) (held bool, err error) {
	err = s.store.Reader().QueryRowContext(ctx, "SELECT count(*) > 0 FROM outbox WHERE id = ?", id).Scan(&held)
	return held, err
}

func (s *site) Run(_ context.Context, target remote.Target, run remote.Run) (remote.Delivery, error) {
	if s.session == nil {
		return remote.Delivery{}, remote.ErrAway
	}
	d := remote.Delivery{Session: s.session, Sent: string(s.session) != string(run.Session)}
	if d.Sent {
		s.sent = append(s.sent, run)
	}
	return d, nil
}

func newSite(t *testing.T) *site {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), incident.Schema, outbox.Schema, Schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &site{t: t, store: st, tier: trustlite.Tier_TIER_SELF_HEAL}
	s.start()
	return s
}

func (s *site) start() {
	catalogue, err := runbook.Load()
	if err != nil {
		s.t.Fatal(err)
	}
	rules, err := rule.New(catalogue)
	if err != nil {
		s.t.Fatal(err)
	}
	s.healer = New(Deps{
		Store: s.store, Rules: rules, Policy: s, Catalogue: catalogue, Outbox: s, Runner: s,
		Log: slog.New(slog.DiscardHandler),
	})
}

func play(t *testing.T, script string) string {
	s, out := newSite(t), &strings.Builder{}
	lines := bufio.NewScanner(strings.NewReader(script))
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			continue
		}
		second, err := strconv.ParseInt(words[1], 10, 64)
		if err != nil {
			t.Fatalf("step %q: %v", lines.Text(), err)
		}
		s.step(second*1000, words[2:])
		fmt.Fprintf(out, "%s: %s\n", strings.Join(words[1:], " "), s.describe())
	}
	return out.String()
}

func (s *site) step(now int64, words []string) {
	var err error
	switch words[0] {
	case "drift":
		status, _ := check.ParseStatus(words[1])
		s.accept(now, &drift.Event{Kind: drift.KindVerdict, Verdict: verdict(status)}, "ag_1")
	case "seen":
		status, _ := check.ParseStatus(words[2])
		e := &drift.Event{Source: drift.Source(words[1]), Kind: drift.KindVerdict, Verdict: verdict(status)}
		s.take(now, e, host.Host{ID: "h_without", Hostname: "srv01", OS: "linux"})
	case "round":
		if _, err = s.healer.decideAll(s.t.Context(), now); err == nil {
			_, err = s.healer.deliverAll(s.t.Context(), now)
		}
	case "logged":
		s.write(func(tx *store.Tx) error { _, err := tx.ExecContext(s.t.Context(), "DELETE FROM outbox"); return err })
	case "session":
		s.session = []byte(words[1])
	case "away":
		s.session = nil
	case "tier":
		n, _ := strconv.Atoi(words[1])
		s.tier = trustlite.Tier(n)
	case "result":
		s.result(now, "ag_1", words[1:])
	case "stranger":
		s.result(now, "ag_2", words[1:])
	case "restart":
		s.start()
	case "clear":
		s.write(func(tx *store.Tx) error {
			all, err := incident.InState(s.t.Context(), tx, incident.Escalated, 1)
			if err != nil || len(all) == 0 {
				return err
			}
			_, err = incident.Clear(s.t.Context(), tx, all[0].ID, now)
			return err
		})
	default:
		s.t.Fatalf("no step %q", words[0])
	}
	if err != nil {
		s.t.Fatalf("step %q: %v", words, err)
	}
}

func verdict(status check.Status) *drift.Verdict {
	v := &drift.Verdict{DriftType: "kernel_hardening_missing", Known: true}
	v.Check, v.Status, v.Reason = check.SysctlHardening, status, "because"
	if status == check.Fail {
		v.Severity = check.Medium
	}
	return v
}

func (s *site) result(now int64, agentID string, words []string) {
	if len(s.sent) == 0 {
		s.t.Fatal("no command was sent")
	}
	id := s.sent[len(s.sent)-1].CommandID
	r := &drift.Result{CommandID: hex.EncodeToString(id[:]), Outcome: drift.Outcome(words[0])}
	if len(words) > 1 {
		status, _ := check.ParseStatus(words[1])
		if r.Outcome == drift.NotNeeded {
			r.Before = verdict(status)
		} else {
			r.After = verdict(status)
		}
	}
	s.accept(now, &drift.Event{Kind: drift.KindResult, Result: r}, agentID)
}

func (s *site) accept(now int64, e *drift.Event, agentID string) {
	hostID := "h" + strings.TrimPrefix(agentID, "ag") // the TLS peer says which host it is
	e.Source, e.Key.AgentID = drift.SourceAgent, agentID
	s.take(now, e, host.Host{ID: hostID, AgentID: agentID, Hostname: "ws01", OS: "linux"})
}

func (s *site) take(now int64, e *drift.Event, from host.Host) {
	e.Site, e.HostID, e.ReceivedTime = "s_1", from.ID, time.UnixMilli(now)
	var changes []incident.Change
	s.write(func(tx *store.Tx) (err error) {
		changes, err = s.healer.Accept(s.t.Context(), tx, e, from)
		return err
	})
	s.healer.Committed(changes)
}

func (s *site) write(do func(*store.Tx) error) {
	s.t.Helper()
	if err := s.store.Write(s.t.Context(), do); err != nil {
		s.t.Fatal(err)
	}
}

// describe is what is true now: incidents, commands with their states, bundles
// waiting and messages sent so far.
func (s *site) describe() string {
	ctx, db := s.t.Context(), s.store.Reader()
	var incidents, commands, bundles string
	for query, into := range map[string]*string{
		"SELECT coalesce(group_concat(state || ' ' || level || ' ' || outcome || ' \"' || summary || '\"', '; '), '') FROM (SELECT * FROM incident ORDER BY opened_ms)": &incidents,
		"SELECT coalesce(group_concat(state || CASE outcome WHEN '' THEN '' ELSE ' ' || outcome END, ', '), '') FROM (SELECT * FROM command ORDER BY created_ms)":       &commands,
		"SELECT coalesce(group_concat(kind, ', '), '') FROM (SELECT kind FROM outbox ORDER BY n)":                                                                       &bundles,
	} {
		if err := db.QueryRowContext(ctx, query).Scan(into); err != nil {
			s.t.Fatal(err)
		}
	}
	return fmt.Sprintf("incident [%s] commands [%s] outbox [%s] sent %d", incidents, commands, bundles, len(s.sent))
}
