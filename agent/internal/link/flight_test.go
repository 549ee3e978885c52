package link

import (
	"errors"
	"testing"
	"time"

	"github.com/osiriscare/osiris/agent/internal/queue"
)

func records(from, to uint64, size int) []queue.Record {
	var all []queue.Record
	for seq := from; seq <= to; seq++ {
		all = append(all, queue.Record{Seq: seq, Body: make([]byte, size)})
	}
	return all
}

func TestFlightIsBoundedByBytes(t *testing.T) {
	var f flight
	f.start(0, 1000)
	if got := f.add(0, records(1, 3, 200)); got != addDone {
		t.Fatalf("add = %v", got)
	}
	if got := f.add(3, records(4, 5, 200)); got != addFull {
		t.Errorf("add over the limit = %v; want addFull", got)
	}
	if advanced, err := f.acknowledge(3); !advanced || err != nil {
		t.Errorf("acknowledge = %v, %v", advanced, err)
	}
	if got := f.add(3, records(4, 4, 5000)); got != addDone {
		t.Errorf("a record over the limit, alone = %v; want addDone", got)
	}
	if _, room := f.room(); room != 0 {
		t.Errorf("room = %d; want 0", room)
	}
}

func TestAMarkThatStandsStillRewinds(t *testing.T) {
	var f flight
	f.start(5, 1000)
	for range rewindLimit {
		if got := f.add(5, records(6, 8, 10)); got != addDone {
			t.Fatalf("add = %v", got)
		}
		if advanced, err := f.acknowledge(5); advanced || err != nil {
			t.Fatalf("acknowledge = %v, %v", advanced, err)
		}
		if after, _ := f.room(); after != 5 {
			t.Fatalf("it goes on after %d; want 5", after)
		}
		if got := f.add(8, records(9, 9, 10)); got != addStale {
			t.Errorf("add after a rewind = %v; want addStale", got)
		}
	}
	f.add(5, records(6, 8, 10))
	if _, err := f.acknowledge(5); !errors.Is(err, errRewinds) {
		t.Errorf("one rewind too many: %v; want %v", err, errRewinds)
	}
}

func TestAcknowledgementsThatMakeNoSense(t *testing.T) {
	var f flight
	f.start(5, 1000)
	f.add(5, records(6, 8, 10))
	if _, err := f.acknowledge(9); !errors.Is(err, errAckAhead) {
		t.Errorf("ahead: %v; want %v", err, errAckAhead)
	}
	if advanced, err := f.acknowledge(3); advanced || err != nil {
		t.Errorf("late: %v, %v; want false, nil", advanced, err)
	}
	if after, _ := f.room(); after != 8 {
		t.Errorf("a late acknowledgement rewinds to %d", after)
	}
}

func TestAStallIsNoticed(t *testing.T) {
	var f flight
	f.start(0, 1000)
	later := time.Now().Add(time.Minute)
	if f.stalled(later, time.Second) {
		t.Error("stalled with nothing on its way")
	}
	f.add(0, records(1, 1, 10))
	if !f.stalled(later, time.Second) || f.stalled(time.Now(), time.Minute) {
		t.Error("a stall is not told from patience")
	}
}
