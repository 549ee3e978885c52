package update_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/update"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

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

func TestARingMayNameItsAgents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, update.Config{Rings: []update.Ring{
			{Hosts: []string{"pc-ag_3", "ag_7"}, Wait: time.Hour},
			{Percent: 100, Hosts: []string{"PC-AG_1"}, Wait: time.Hour},
			{Percent: 100, Hosts: []string{"PC-ag_0"}},
		}})
		r.publish(program)
		first := r.fleet(10)
		if len(first) != 2 || !first["ag_3"] || !first["ag_7"] {
			t.Fatalf("the first ring is %v; want ag_3 and ag_7", first)
		}
		r.ask("ag_3", 2000, outcome(installed))
		time.Sleep(2 * time.Hour)
		r.ask("ag_7", 1000, nil) // opens the next ring
		if got := r.fleet(10); len(got) != 9 || got["ag_0"] {
			t.Errorf("the second ring is %v; want all but ag_0", got)
		}
		time.Sleep(2 * time.Hour)
		r.ask("ag_7", 1000, nil)
		if got := r.fleet(10); len(got) != 10 {
			t.Errorf("the last ring is %v; want all", got)
		}
	})
}

// A program is for one system; a ring of another's computers, of mistyped names or
// of machines that are off must not keep it from everybody.
func TestARingThatNobodyCanFillIsPassed(t *testing.T) {
	const failed = compliancev1.UpdateState_UPDATE_STATE_FAILED
	for name, c := range map[string]struct {
		rings []update.Ring
		do    func(r *rig)
	}{
		"its host has another system": {[]update.Ring{{Hosts: []string{"FRONT-DESK-2"}, Wait: time.Hour}, {Percent: 100}}, func(*rig) {}},
		"its host cannot take it": {
			[]update.Ring{{Hosts: []string{"ag_3"}, Wait: time.Hour}, {Percent: 100}},
			func(r *rig) { r.ask("ag_3", 1000, outcome(failed)) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, update.Config{Rings: c.rings})
				r.publish(program)
				r.fleet(10)
				c.do(r)
				time.Sleep(2 * time.Hour)
				if got := r.fleet(10); len(got) != 10 {
					t.Errorf("%v; want all", got)
				}
			})
		})
	}
}

func TestARingWaitsForMachinesThatAreOffForAWeekend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, update.Config{Rings: []update.Ring{{Hosts: []string{"ag_9"}, Wait: time.Hour}, {Percent: 100}}})
		r.publish(program)
		r.fleet(10)
		time.Sleep(3 * 24 * time.Hour)
		if got := r.fleet(9); len(got) != 0 {
			t.Errorf("after three days %v; want to wait for ag_9", got)
		}
		time.Sleep(2 * 24 * time.Hour)
		if got := r.fleet(9); len(got) != 9 {
			t.Errorf("after five days %v; want the others", got)
		}
	})
}

// A computer that a later ring names takes nobody's place in an earlier one.
func TestTheShareOfARingIsOfThoseThatNoneNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for i := range 12 {
			r := newRig(t, update.Config{Rings: []update.Ring{{Percent: 5, Wait: time.Hour}, {Percent: 100, Hosts: []string{fmt.Sprintf("ag_%d", i)}}}})
			r.publish(program)
			if got := r.fleet(12); len(got) != 1 || got[fmt.Sprintf("ag_%d", i)] {
				t.Errorf("with ag_%d in the last ring the first is %v; want one other", i, got)
			}
		}
	})
}
