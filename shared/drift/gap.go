package drift

import (
	"fmt"

	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

// Gap stands for records that will never come. Count is how many were lost; it
// can be less than the span, since a gap may swallow earlier gaps.
type Gap struct {
	From, To, Count uint64
	Reason          string
}

func gap(m *compliancev1.Gap, seq uint64) (*Gap, error) {
	g := &Gap{From: m.GetFrom(), To: m.GetTo(), Count: m.GetCount()}
	if g.From == 0 || g.To < g.From || g.To != seq {
		return nil, fmt.Errorf("%w: gap from %d to %d at sequence %d", ErrMalformed, g.From, g.To, seq)
	}
	if g.Count-1 > g.To-g.From {
		return nil, fmt.Errorf("%w: gap from %d to %d counts %d records", ErrMalformed, g.From, g.To, g.Count)
	}
	var err error
	g.Reason, err = identifier("gap reason", m.GetReason())
	return g, err
}
