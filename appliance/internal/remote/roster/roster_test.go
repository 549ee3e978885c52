package roster_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote/roster"
)

// kept is a host of a test.
type kept struct {
	endpoint string
	busy     atomic.Bool
}

func (k *kept) Idle() bool { return !k.busy.Load() }

func take(t *testing.T, r *roster.Roster[string, *kept], e string) (*kept, func()) {
	t.Helper()
	h, leave, err := r.Take(e)
	if err != nil || h.endpoint != e {
		t.Fatalf("Take(%s) = %v, %v", e, h, err)
	}
	return h, leave
}

func newRoster() *roster.Roster[string, *kept] {
	return roster.New(func(e string) *kept { return &kept{endpoint: e} })
}

func TestAHostIsSharedAndForgottenWhenNobodyNeedsIt(t *testing.T) {
	r := newRoster()
	first, leave := take(t, r, "a")
	second, leaveToo := take(t, r, "a")
	if first != second {
		t.Fatal("two users of one host have two")
	}
	if other, done := take(t, r, "b"); other == first {
		t.Error("two hosts are one")
	} else {
		done()
	}
	leave()
	if again, done := take(t, r, "a"); again != first {
		t.Error("it was forgotten while somebody used it")
	} else {
		done()
	}
	first.busy.Store(true)
	leaveToo()
	again, leave := take(t, r, "a")
	if again != first {
		t.Error("it was forgotten with something to keep")
	}
	r.Forget("a", first)
	first.busy.Store(false)
	leave()
	third, leave := take(t, r, "a")
	if third == first {
		t.Error("it was kept without need")
	}
	r.Forget("a", first) // an old one's timer
	third.busy.Store(true)
	leave()
	third.busy.Store(false)
	r.Forget("a", third)
	if fourth, done := take(t, r, "a"); fourth == third {
		t.Error("Forget kept it")
	} else {
		done()
	}
}

func TestAClosedRosterGivesItsHostsAndTakesNobody(t *testing.T) {
	r := newRoster()
	h, leave := take(t, r, "a")
	if got := r.Close(); len(got) != 1 || got[0] != h {
		t.Errorf("Close = %v; want the host", got)
	}
	if _, _, err := r.Take("a"); !errors.Is(err, roster.ErrClosed) {
		t.Errorf("Take after Close = %v; want ErrClosed", err)
	}
	leave()
	if got := r.Close(); len(got) != 0 {
		t.Errorf("a second Close = %v; want none", got)
	}
}

func TestManyTakeAndLeaveAtOnce(t *testing.T) {
	r := newRoster()
	var work sync.WaitGroup
	for n := range 16 {
		work.Go(func() {
			for range 200 {
				h, leave, err := r.Take(string(rune('a' + n%3)))
				if err != nil {
					t.Error(err)
					return
				}
				r.Forget(h.endpoint, h)
				leave()
			}
		})
	}
	work.Wait()
	if got := r.Close(); len(got) != 0 {
		t.Errorf("%d hosts are left; want none", len(got))
	}
}

func TestARefusalIsRememberedForAWhileAndForOneCredential(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r roster.Refusal
		if r.Lasts() || r.Holds([32]byte{}) {
			t.Error("nothing was refused yet")
		}
		r.Note([32]byte{1}, time.Minute)
		if !r.Holds([32]byte{1}) || r.Holds([32]byte{2}) {
			t.Error("it must hold the one that was refused, and no other")
		}
		time.Sleep(time.Minute)
		if r.Lasts() || r.Holds([32]byte{1}) {
			t.Error("it lasts too long")
		}
	})
}
