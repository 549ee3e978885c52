package directory

import (
	"errors"
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
	// again, or not until HeldUntil where that is set.
	Held      string
	HeldUntil time.Time
	// Problem is why the newest try failed, Kind its constant sentence, and
	// ProblemSince when tries began to.
	Problem, Kind string
	ProblemSince  time.Time
	ProvedAt      time.Time // when a problem went into evidence
	// Blocked is since when its computers are not scanned, because the credential for
	// that is none of Kerberos; zero when they are, or nobody wants it.
	Blocked time.Time
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

// blocked is what a person is told of that.
const blocked = "its computers are not scanned: anybody in the domain can add one, so they are signed in to with Kerberos only, " +
	"and the credential of scan-with has another method (credential rotate --method kerberos)"

func (s *Standing) block(now bool, at time.Time) {
	switch {
	case !now:
		s.Blocked = time.Time{}
	case s.Blocked.IsZero():
		s.Blocked = whole(at)
	}
}

// againAfter is how long a refusal counts that anybody on the way to a KDC can
// make up: one more try a day locks no account.
const againAfter = 24 * time.Hour

// hold keeps a refused credential from being used again: until it is rotated, or for
// a day where the refusal may be forged, or not at all where the domain did not
// count it.
func (s *Standing) hold(login string, err error, now time.Time) {
	var r *discover.Refused
	switch {
	case errors.As(err, &r) && r.Harmless:
		s.Held, s.HeldUntil = "", time.Time{}
	case errors.As(err, &r) && r.Forgeable:
		s.Held, s.HeldUntil = login, whole(now.Add(againAfter))
	case errors.Is(err, discover.ErrCredentials):
		s.Held, s.HeldUntil = login, time.Time{}
	case s.Held != login:
		s.Held, s.HeldUntil = "", time.Time{} // of a version that is gone
	}
}
