package queue_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/queue"
)

// TestRandomStories plays append, overflow, full disk, restart, lost
// acknowledgements and (in odd seeds) restored appliances in random order
// against the receiver of store_test.go. In the end the receiver must hold every
// record once, in order, or have been told of its loss.
func TestRandomStories(t *testing.T) {
	for seed := range uint64(16) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) { randomStory(t, seed) })
	}
}

func randomStory(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 7))
	path := filepath.Join(t.TempDir(), "queue.db")
	limits := queue.Limits{MaxRecords: 5 + random.Int64N(20)}
	q, err := queue.Open(path, limits)
	check(t, err)
	defer func() { check(t, q.Close()) }()
	appliance, saved := newStore(), newStore()
	asked := uint64(0)
	say := func(n int) {
		items := make([]queue.Item, n)
		for i := range items {
			asked++
			items[i] = queue.Item{Kind: 1, Body: fmt.Appendf(nil, "r%d", asked)}
		}
		if _, err := q.AppendAll(items); err != nil && !errors.Is(err, queue.ErrFull) {
			t.Fatal(err)
		}
	}
	send := func(n int) {
		records, err := q.Read(appliance.mark(q.ID()).seq, n, 1<<20)
		check(t, err)
		for _, r := range records {
			if seq := appliance.mark(q.ID()).seq; r.Seq > seq {
				if answer := appliance.take(q.ID(), r); appliance.mark(q.ID()).seq != r.Seq {
					t.Fatalf("the receiver answered %q to %s", answer, show(r))
				}
			}
		}
	}
	hello := func() {
		id := q.ID()
		m := appliance.mark(id)
		out, err := q.Reconcile(m.seq, m.id)
		check(t, err)
		if out.Kind == queue.OutcomeRenewed || q.ID() != id {
			t.Fatalf("a renewal, though no file was restored (mark %d)", m.seq)
		}
		if q.First() != m.seq+1 {
			t.Fatalf("first = %d after hello; want %d", q.First(), m.seq+1)
		}
	}
	for range 200 {
		switch random.IntN(12) {
		case 0, 1, 2, 3:
			say(1 + random.IntN(4))
		case 4, 5, 6:
			send(1 + random.IntN(8))
		case 7:
			hello()
			check(t, q.Ack(appliance.mark(q.ID()).seq))
		case 8:
			hello()
		case 9: // restart
			check(t, q.Close())
			q, err = queue.Open(path, limits)
			check(t, err)
		case 10: // a full disk for a while
			check(t, q.DB().Exec("PRAGMA max_page_count=1"))
			say(1 + random.IntN(60))
			say(1)
			check(t, q.DB().Exec("PRAGMA max_page_count=100000"))
		case 11:
			if seed%2 == 1 {
				if random.IntN(3) == 0 {
					appliance = saved.clone()
					hello()
				} else {
					saved = appliance.clone()
				}
			}
		}
	}
	say(1)
	hello()
	send(1 << 20)
	audit(t, appliance, asked)
}

// audit checks the receiver's log: names ascend, and those missing are counted
// in gaps.
func audit(t *testing.T, s *store, asked uint64) {
	t.Helper()
	last, seen := uint64(0), uint64(0)
	for _, line := range s.log {
		var seq, name uint64
		if _, err := fmt.Sscanf(line, "%d r%d", &seq, &name); err != nil {
			continue // a gap
		}
		if name <= last {
			t.Fatalf("r%d came after r%d", name, last)
		}
		last = name
		seen++
	}
	if seen+s.lost != asked {
		t.Errorf("%d records received, %d told lost, %d asked for", seen, s.lost, asked)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
