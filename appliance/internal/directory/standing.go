package directory

import (
	"time"

	"github.com/osiriscare/osiris/appliance/internal/discover"
)

// Standing is how a domain was read.
type Standing struct {
	Target, Name, Domain string
	// Mark is where the next listing goes on, Scope what it was made under.
	Mark  discover.Mark
	Scope string
	// Tried is what the newest try was made with; something else is tried at once.
	Tried   string
	TriedAt time.Time
	// Held is the credential, with its version, that was refused: it is not used
	// again.
	Held string
	// Problem is why the newest try failed, Kind its constant sentence, and
	// ProblemSince when tries began to.
	Problem, Kind string
	ProblemSince  time.Time
	ProvedAt      time.Time // when a problem went into evidence
	// Listed is when the newest listing was, Full the newest that read all, by our
	// clock; Controller gave it.
	Listed, Full time.Time
	Controller   string
	// Truncated means that there are more computers than are kept.
	Truncated bool
	// Of the newest full listing; see discover.Listing.
	Others, LeftOut, Skipped int
	// Of the newest listing.
	Referrals, New int
}

// trusted is for how long a listing may be believed about who is not in it: a
// full one is due each day.
const trusted = 26 * time.Hour

// whole reports whether who is not in the domain's table is not in the domain.
func (s *Standing) whole(now time.Time) bool {
	return !s.Truncated && !s.Full.IsZero() && now.Sub(s.Full) < trusted && now.Sub(s.Listed) < trusted
}
