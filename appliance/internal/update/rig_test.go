package update_test

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/appliance/internal/update"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/release/releasetest"
	"github.com/osiriscare/osiris/shared/release/tuf/tuftest"
	"github.com/osiriscare/osiris/shared/signed"
)

// rig is the service over a folder that a test fills.
type rig struct {
	*update.Update
	t       *testing.T
	dir     string
	store   *store.Store
	vendor  *releasetest.Repository
	former  []*signed.Key // of roots before
	written int64
	drafts  []*bundle.Bundle
}

// Agent knows every computer by a name that follows from its agent's id.
func (r *rig) Agent(id string) (host.Host, bool) {
	return host.Host{ID: "h_" + id, AgentID: id, Hostname: "PC-" + id}, true
}

// Versions are those of signed documents.
func (r *rig) Versions() (trust, policy uint64) { return 3, 4 }

// evidence is the last bundle that was made; there must be n of them.
func (r *rig) evidence(n int) *bundle.Bundle {
	r.t.Helper()
	if len(r.drafts) != n {
		r.t.Fatalf("%d bundles were made; want %d: %+v", len(r.drafts), n, r.drafts)
	}
	if n == 0 {
		return nil
	}
	b := r.drafts[n-1]
	if _, err := b.Encode(); err != nil {
		r.t.Errorf("the bundle cannot be encoded: %v", err)
	}
	if b.SiteID != "s_1" || b.ApplianceID != "ap_1" || b.Phase != "update" || b.TrustVersion != 3 || b.PolicyVersion != 4 {
		r.t.Errorf("the bundle does not say whose it is: %+v", b)
	}
	return b
}

const program = "a program"

func newRig(t *testing.T, c update.Config) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), vendor: releasetest.New(t)}
	var err error
	r.store, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), update.Schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.store.Close(); err != nil {
			t.Error(err)
		}
	})
	r.vendor.Add("agent/1", []byte(program), "1.1.0", 2000, "linux", "amd64")
	c.Dir, c.Roots, c.SiteID, c.ApplianceID = r.dir, r.vendor.Keys(), "s_1", "ap_1"
	r.Update = update.New(update.Deps{
		Config: c, Store: r.store, Hosts: r, Versions: r, Log: slog.New(slog.DiscardHandler),
		Drafts: func(_ context.Context, _ *store.Tx, b *bundle.Bundle) error {
			r.drafts = append(r.drafts, b)
			return nil
		},
	})
	return r
}

// publish writes the folder as the release tool does.
func (r *rig) publish(content string) {
	r.t.Helper()
	path := filepath.Join(r.dir, "targets", "agent", "1")
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path, []byte(content), 0o600)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	tuftest.Write(r.t, r.vendor, r.dir, r.former...)
	// The clock of a file system is coarser than a test is quick.
	r.written++
	at := time.Unix(1_700_000_000+r.written, 0)
	if err := os.Chtimes(filepath.Join(r.dir, "agent.bundle"), at, at); err != nil {
		r.t.Fatal(err)
	}
}

// ask is an agent's question; it gives the path that is offered.
func (r *rig) ask(agent string, built int64, outcome *compliancev1.UpdateOutcome) *compliancev1.CheckUpdateResponse {
	r.t.Helper()
	answer, err := r.Check(context.Background(), agent, &compliancev1.CheckUpdateRequest{
		Os: "linux", Arch: "amd64", Version: "1.0.0", Built: built, Outcome: outcome,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return answer
}

func outcome(state compliancev1.UpdateState) *compliancev1.UpdateOutcome {
	sum := sha256.Sum256([]byte(program))
	return &compliancev1.UpdateOutcome{Sha256: sum[:], State: state, Failures: 1}
}

const (
	installed  = compliancev1.UpdateState_UPDATE_STATE_INSTALLED
	rolledBack = compliancev1.UpdateState_UPDATE_STATE_ROLLED_BACK
)
