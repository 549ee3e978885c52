package link

import (
	"errors"
	"sync"
	"time"

	"github.com/osiriscare/osiris/agent/internal/queue"
)

// flight counts what was sent and not acknowledged. The reader and the sender of
// a session share it.
type flight struct {
	wake chan struct{}

	mu       sync.Mutex
	limit    int
	acked    uint64
	sent     uint64 // highest sequence sent
	records  []flown
	bytes    int
	progress time.Time // when something was last acknowledged, or sent after nothing was
	rewinds  int       // since the last progress
}

// flown is a record on its way.
type flown struct {
	seq  uint64
	size int
}

// rewindLimit is how often in a row the appliance may make us send the same
// records again.
const rewindLimit = 5

var (
	errAckAhead = errors.New("the appliance acknowledges records that were not sent")
	errRewinds  = errors.New("the appliance does not take the records it asks for")
)

func (f *flight) start(acked uint64, limit int) {
	f.mu.Lock()
	f.wake = make(chan struct{}, 1)
	f.acked, f.sent, f.limit, f.progress = acked, acked, limit, time.Now()
	f.mu.Unlock()
}

// acknowledge takes a cumulative mark. One that stands still while records are
// on their way is a gap answer: the appliance missed something, and everything
// after the mark is sent again.
func (f *flight) acknowledge(through uint64) (advanced bool, err error) {
	f.mu.Lock()
	advanced, err = f.advance(through)
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default: // awake already
	}
	return advanced, err
}

// advance is acknowledge with the lock held.
func (f *flight) advance(through uint64) (bool, error) {
	switch {
	case through > f.sent:
		return false, errAckAhead
	case through < f.acked: // late, or a repetition
		return false, nil
	case through == f.acked:
		if len(f.records) == 0 {
			return false, nil
		}
		if f.rewinds++; f.rewinds > rewindLimit {
			return false, errRewinds
		}
		f.sent, f.records, f.bytes = f.acked, nil, 0
		return false, nil
	}
	f.acked, f.progress, f.rewinds = through, time.Now(), 0
	for len(f.records) > 0 && f.records[0].seq <= through {
		f.bytes -= f.records[0].size
		f.records = f.records[1:]
	}
	return true, nil
}

// room is the sequence after which to read and the bytes that may be sent now; 0
// means none.
func (f *flight) room() (after uint64, bytes int) {
	f.mu.Lock()
	after, bytes = f.sent, max(f.limit-f.bytes, 0)
	f.mu.Unlock()
	return after, bytes
}

// add counts records that are about to be sent. It answers addStale when the
// reader has rewound since room was asked: then they are not the next ones; and
// addFull when they must wait: a record larger than the limit travels alone.
func (f *flight) add(after uint64, records []queue.Record) added {
	f.mu.Lock()
	what := f.count(after, records)
	f.mu.Unlock()
	return what
}

// count is add with the lock held.
func (f *flight) count(after uint64, records []queue.Record) added {
	if f.sent != after {
		return addStale
	}
	total := 0
	for i := range records {
		total += recordSize(&records[i])
	}
	if len(f.records) > 0 && f.bytes+total > f.limit {
		return addFull
	}
	if len(f.records) == 0 {
		f.progress = time.Now()
	}
	for i := range records {
		r := &records[i]
		size := recordSize(r)
		f.records = append(f.records, flown{r.Seq, size})
		f.bytes += size
		f.sent = r.Seq
	}
	return addDone
}

// added is what became of records that were to be sent.
type added uint8

const (
	addDone added = iota
	addStale
	addFull
)

// stalled tells whether the appliance has not acknowledged anything for d while
// records are on their way.
func (f *flight) stalled(now time.Time, d time.Duration) bool {
	f.mu.Lock()
	stalled := len(f.records) > 0 && now.Sub(f.progress) > d
	f.mu.Unlock()
	return stalled
}

// recordSize is a record on the wire: its body, key, id and times.
func recordSize(r *queue.Record) int { return len(r.Body) + 48 }
