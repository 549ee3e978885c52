package update_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/appliance/internal/update"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/release"
	"github.com/osiriscare/osiris/shared/release/releasetest"
)

// rig is the service over a folder that a test fills.
type rig struct {
	*update.Update
	t      *testing.T
	dir    string
	store  *store.Store
	vendor *releasetest.Repository
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
	c.Dir, c.Roots = r.dir, r.vendor.Keys()
	r.Update = update.New(c, r.store, slog.New(slog.DiscardHandler))
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
	if err == nil {
		err = os.WriteFile(filepath.Join(r.dir, "agent.bundle"), r.vendor.Bundle(0), 0o600)
	}
	if err != nil {
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

func TestWithoutAFolderNothingIsOffered(t *testing.T) {
	r := newRig(t, update.Config{})
	if got := r.ask("ag_1", 1000, nil); got.GetPath() != "" || got.GetMetadata() != nil || got.GetWaitMs() == 0 {
		t.Errorf("Check = %v; want a time to wait", got)
	}
}

func TestAnOlderAgentIsOfferedTheProgramAndFetchesIt(t *testing.T) {
	r := newRig(t, update.Config{})
	r.publish(program)
	got := r.ask("ag_1", 1000, nil)
	if got.GetPath() != "agent/1" {
		t.Fatalf("Check = %v; want the program", got)
	}
	trusted, err := release.Open(r.vendor.Keys(), nil)
	if err == nil {
		err = trusted.Update(releasetest.Encode(t, got.GetMetadata()), time.Now().UnixMilli())
	}
	if err != nil {
		t.Errorf("an agent does not take the metadata: %v", err)
	}
	var content []byte
	for {
		piece, err := r.Fetch(t.Context(), &compliancev1.FetchTargetRequest{Path: "agent/1", Offset: uint64(len(content)), Limit: 4})
		if err != nil {
			t.Fatal(err)
		}
		if len(piece.GetContent()) == 0 {
			break
		}
		content = append(content, piece.GetContent()...)
	}
	if string(content) != program {
		t.Errorf("fetched %q", content)
	}
	if got := r.ask("ag_1", 2000, nil); got.GetPath() != "" {
		t.Error("an agent that has it is offered it again")
	}
}

func TestOnlyWhatIsOfferedIsServed(t *testing.T) {
	r := newRig(t, update.Config{})
	r.publish(program)
	for _, path := range []string{"", "agent/2", "../agent.bundle", "/etc/passwd", "agent"} {
		if _, err := r.Fetch(t.Context(), &compliancev1.FetchTargetRequest{Path: path, Limit: 10}); !errors.Is(err, update.ErrUnknown) {
			t.Errorf("Fetch(%q) = %v; want ErrUnknown", path, err)
		}
	}
	for _, q := range []*compliancev1.FetchTargetRequest{
		{Path: "agent/1", Offset: 1 << 63, Limit: 10}, {Path: "agent/1", Offset: uint64(len(program)), Limit: 10}, {Path: "agent/1"},
	} {
		if got, err := r.Fetch(t.Context(), q); err != nil || len(got.GetContent()) != 0 {
			t.Errorf("Fetch(%v) = %v, %v; want nothing", q, got, err)
		}
	}
}

func TestAFolderThatIsNotWhatWasSignedIsNotOffered(t *testing.T) {
	for name, spoil := range map[string]func(r *rig){
		"another program": func(r *rig) { r.publish("a Program") },
		"a longer one":    func(r *rig) { r.publish(program + "!") },
		"another vendor": func(r *rig) {
			r.vendor = releasetest.New(r.t)
			r.vendor.Add("agent/1", []byte(program), "1.1.0", 2000, "linux", "amd64")
			r.publish(program)
		},
		"expired metadata": func(r *rig) {
			r.vendor.Timestamp.ExpiresMs = 1
			r.publish(program)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, update.Config{})
			spoil(r)
			if got := r.ask("ag_1", 1000, nil); got.GetPath() != "" {
				t.Errorf("Check = %v; want no offer", got)
			}
		})
	}
}

// fleet asks with n agents and gives those that are offered the program.
func (r *rig) fleet(n int) map[string]bool {
	r.t.Helper()
	for i := range n { // everybody is known before anybody is chosen
		r.ask(fmt.Sprintf("ag_%d", i), 2000, nil)
	}
	offered := map[string]bool{}
	for i := range n {
		agent := fmt.Sprintf("ag_%d", i)
		if r.ask(agent, 1000, nil).GetPath() != "" {
			offered[agent] = true
		}
	}
	return offered
}

func TestRingsOpenOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, update.Config{})
		r.publish(program)
		first := r.fleet(40)
		if len(first) != 2 {
			t.Fatalf("the first ring has %d of 40; want 2", len(first))
		}
		time.Sleep(25 * time.Hour)
		if got := r.fleet(40); len(got) != 2 {
			t.Errorf("after a day in which nobody installed it, %d; want 2 still", len(got))
		}
		for agent := range first {
			r.ask(agent, 2000, outcome(installed))
		}
		second := r.fleet(40)
		if len(second) != 10 {
			t.Errorf("the second ring has %d of 40; want 10", len(second))
		}
		for agent := range first {
			if !second[agent] {
				t.Errorf("%s of the first ring is not in the second", agent)
			}
		}
		time.Sleep(25 * time.Hour)
		if got := r.fleet(40); len(got) != 40 {
			t.Errorf("the last ring has %d of 40", len(got))
		}
	})
}

func TestOneRollBackHaltsASmallFleetUntilAPersonResumes(t *testing.T) {
	r := newRig(t, update.Config{})
	r.publish(program)
	failed := r.fleet(10)
	for agent := range failed {
		r.ask(agent, 1000, outcome(rolledBack))
	}
	if got := r.fleet(10); len(got) != 0 {
		t.Errorf("%d agents are still offered it", len(got))
	}
	all, err := update.List(t.Context(), r.store)
	if err != nil || len(all) != 1 || all[0].Halted == "" || all[0].RolledBack != 1 || all[0].Ring != 0 {
		t.Errorf("List = %+v, %v; want one program, halted", all, err)
	}
	if err := update.Resume(t.Context(), r.store, "ffff"); !errors.Is(err, update.ErrUnknown) {
		t.Errorf("Resume of another = %v; want ErrUnknown", err)
	}
	sum := sha256.Sum256([]byte(program))
	if err := update.Resume(t.Context(), r.store, fmt.Sprintf("%x", sum[:4])); err != nil {
		t.Fatal(err)
	}
	for agent := range failed { // as with every question
		r.ask(agent, 1000, outcome(rolledBack))
	}
	if got := r.fleet(10); len(got) != 1 {
		t.Errorf("%d agents are offered it; want the first ring again", len(got))
	}
}

func TestAFewRollBacksDoNotHaltALargeFleet(t *testing.T) {
	r := newRig(t, update.Config{Rings: []update.Ring{{Percent: 100}}})
	r.publish(program)
	r.fleet(200)
	for i := range 199 {
		r.ask(fmt.Sprintf("ag_%d", i), 2000, outcome(installed))
	}
	r.ask("ag_199", 1000, outcome(rolledBack))
	if got := r.ask("ag_200", 1000, nil); got.GetPath() == "" {
		t.Error("one of 200 has halted it")
	}
}
