package queue

import (
	"errors"
	"time"

	"github.com/osiriscare/osiris/agent/internal/sqlos"
)

// age is the clock that says how old records are: the wall's when the queue was
// empty, and from then on the running one. Without a link nobody tells whether a
// wall's clock that jumps ahead was set right or wrong, and one that was wrong for
// a minute must not take a week's records with it. A sleep does not count; what is
// kept too long for that is bounded by number and bytes.
type age struct {
	ms int64     // of the wall's clock
	at time.Time // when that was, by the running clock
}

func (a *age) start(ms int64) { a.ms, a.at = ms, time.Now() }

func (a *age) nowMs() int64 { return a.ms + time.Since(a.at).Milliseconds() }

// stretchMs parts two records when the machine was off, asleep, or its clock was
// set: each check that runs makes one in an hour.
const stretchMs = 2 * 3600 * 1000

// startAge goes on where the records of the first stretch end: what a clock said
// that was set ahead after them does not count.
func (q *Queue) startAge() error {
	ms := int64(0)
	err := q.db.Query("SELECT created_ms FROM queue_record ORDER BY seq", func(s *sqlos.Stmt) error {
		created := s.ColumnInt64(0)
		if ms != 0 && created > ms+stretchMs {
			return errStop
		}
		ms = created
		return nil
	})
	if ms == 0 {
		ms = nowMs()
	}
	q.age.start(ms)
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}
