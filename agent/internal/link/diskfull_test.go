package link_test

import (
	"testing"
	"time"

	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
)

// TestASessionStaysOnAFullDisk lets the disk take nothing and gives the agent a new
// store to remember: it goes on with what it has in memory, says that the disk is
// full, and is in step again when there is room.
func TestASessionStaysOnAFullDisk(t *testing.T) {
	a := fakeappliance.New(t)
	a.Behave(func(b *fakeappliance.Behaviour) { b.Heartbeat = time.Second })
	r := newRig(t, a)
	a.Wait(t, "the first verdict", has(a, pass))
	toggle(t, a, r, 2)
	exec := func(sql string) {
		t.Helper()
		if err := r.queue.DB().Exec(sql); err != nil {
			t.Fatal(err)
		}
	}
	exec(`CREATE TABLE ballast (b BLOB);
		CREATE TRIGGER jam_queue BEFORE UPDATE ON queue_state BEGIN INSERT INTO ballast VALUES (zeroblob(1000000)); END;
		CREATE TRIGGER jam_link BEFORE INSERT ON link BEGIN INSERT INTO ballast VALUES (zeroblob(1000000)); END;
		PRAGMA max_page_count=1`)
	sessions, beats, records := 0, 0, 0
	a.Locked(func() { sessions, records = a.Sessions(), len(a.Accepted()) })
	a.Restore(records)
	a.Drop()
	a.Wait(t, "the next session", func() bool { return a.Sessions() > sessions })
	a.Locked(func() { beats = a.Beats() })
	a.Wait(t, "three heartbeats", func() bool { return a.Beats() >= beats+3 })
	a.Locked(func() {
		if a.Sessions() != sessions+1 {
			t.Errorf("it took %d sessions; want 1", a.Sessions()-sessions)
		}
	})
	if !r.queue.Settle() {
		t.Error("the state that was asked for found room")
	}
	exec("PRAGMA max_page_count=100000; DROP TRIGGER jam_queue; DROP TRIGGER jam_link; DROP TABLE ballast")
	toggle(t, a, r, 2)
	expectUnbroken(t, a)
	a.Locked(func() {
		if a.Sessions() != sessions+1 {
			t.Errorf("it took %d sessions; want 1", a.Sessions()-sessions)
		}
	})
}
