package queue_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/agent/internal/queue"
)

// wall is a clock that can be set, in a bubble of synctest.
type wall struct{ ahead time.Duration }

func newWall(t *testing.T) *wall {
	t.Helper()
	w := &wall{}
	before := queue.SetWall(func() int64 { return time.Now().Add(w.ahead).UnixMilli() })
	t.Cleanup(func() { queue.SetWall(before) })
	return w
}

func open(t *testing.T, path string) *queue.Queue {
	t.Helper()
	q, err := queue.Open(path, queue.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// hours appends a record an hour.
func hours(t *testing.T, q *queue.Queue, n int) {
	t.Helper()
	for range n {
		if _, err := q.Append(1, []byte("event")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
	}
}

const week = 7 * 24

func TestAClockThatIsSetExpiresNothing(t *testing.T) {
	for name, jump := range map[string]time.Duration{
		"ten days ahead": 240 * time.Hour, "ten years ahead": 87600 * time.Hour, "ten days back": -240 * time.Hour, "an hour ahead": time.Hour,
	} {
		for restart, reopen := range map[string]bool{"": false, ", and the agent starts again": true} {
			t.Run(name+restart, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					path := filepath.Join(t.TempDir(), "queue.db")
					w, q := newWall(t), open(t, path)
					again := func() {
						if !reopen {
							return
						}
						if err := q.Close(); err != nil {
							t.Fatal(err)
						}
						q = open(t, path)
					}
					hours(t, q, 48)
					w.ahead += jump
					hours(t, q, 2)
					again()
					hours(t, q, 24)
					w.ahead -= jump // somebody sets it right
					hours(t, q, 24)
					again()
					hours(t, q, 2)
					if err := q.Trim(); err != nil {
						t.Fatal(err)
					}
					if records, gap := held(t, q); records != 100 || gap.Count != 0 {
						t.Errorf("100 records in four days became %d and the gap %+v", records, gap)
					}
					if err := q.Close(); err != nil {
						t.Fatal(err)
					}
				})
			})
		}
	}
}

func TestAfterAJumpRecordsStillAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, q := newWall(t), open(t, filepath.Join(t.TempDir(), "queue.db"))
		defer q.Close() //nolint:errcheck // the file goes with the test
		hours(t, q, 24)
		w.ahead = 240 * time.Hour
		hours(t, q, week)
		if err := q.Trim(); err != nil {
			t.Fatal(err)
		}
		if records, gap := held(t, q); records != week || gap.Count != 24 || gap.Reason != queue.ReasonExpired {
			t.Errorf("eight days became %d records and the gap %+v; want the seven, and the day before the jump as expired", records, gap)
		}
	})
}

func TestAnEmptyQueueTakesTheWallsClockAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, q := newWall(t), open(t, filepath.Join(t.TempDir(), "queue.db"))
		defer q.Close()           //nolint:errcheck // the file goes with the test
		w.ahead = 240 * time.Hour // such as a first time server's answer
		hours(t, q, 1)
		if err := q.Ack(1); err != nil {
			t.Fatal(err)
		}
		hours(t, q, 8*24)
		if err := q.Trim(); err != nil {
			t.Fatal(err)
		}
		if records, gap := held(t, q); records != week || gap.Count != 24 {
			t.Errorf("eight days became %d records and the gap %+v; want seven and one", records, gap)
		}
	})
}

func TestAWeekSwitchedOffIsNoAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "queue.db")
		q := open(t, path)
		hours(t, q, 3)
		if err := q.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(week * time.Hour)
		q = open(t, path)
		hours(t, q, 3)
		if records, gap := held(t, q); records != 6 || gap.Count != 0 {
			t.Errorf("six records became %d and the gap %+v; nobody could have sent them", records, gap)
		}
		if err := q.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
