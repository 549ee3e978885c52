package queue_test

import (
	"fmt"
	"maps"
	"slices"

	"github.com/osiriscare/osiris/agent/internal/queue"
)

type mark struct {
	seq uint64
	id  [16]byte
}

// store is the receiver of DESIGN D4: one mark a queue, only the next sequence
// or a gap over it.
type store struct {
	marks map[[16]byte]mark
	log   []string
	lost  uint64 // records that gaps told
}

func newStore() *store { return &store{marks: map[[16]byte]mark{}} }

func (s *store) clone() *store {
	return &store{marks: maps.Clone(s.marks), log: slices.Clone(s.log), lost: s.lost}
}

func (s *store) mark(id [16]byte) mark { return s.marks[id] }

func (s *store) take(id [16]byte, r queue.Record) string {
	m := s.marks[id]
	if r.Seq <= m.seq {
		return fmt.Sprintf("%d ignored", r.Seq)
	}
	from := r.Seq
	if r.Kind == queue.KindGap {
		g, err := queue.DecodeGap(r.Body)
		if err != nil || g.To != r.Seq {
			return fmt.Sprintf("%d refused: bad gap", r.Seq)
		}
		from = g.From
		if from <= m.seq { // the first ones came before they were dropped
			g.Count -= m.seq + 1 - from
			from = m.seq + 1
		}
		if from == m.seq+1 {
			s.lost += g.Count
		}
	}
	if from != m.seq+1 {
		return fmt.Sprintf("%d refused at mark %d", r.Seq, m.seq)
	}
	s.marks[id] = mark{r.Seq, r.ID}
	s.log = append(s.log, show(r))
	return show(r)
}
