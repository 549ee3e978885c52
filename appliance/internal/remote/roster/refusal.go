package roster

import "time"

// Refusal remembers which credential a host refused last, so that a loop somewhere
// does not lock the account. Its host's lock guards it.
type Refusal struct {
	sum   [32]byte
	until time.Time
}

// Note remembers for a while that the credential of this sum was refused.
func (r *Refusal) Note(sum [32]byte, rest time.Duration) { r.sum, r.until = sum, time.Now().Add(rest) }

// Holds tells whether the credential of this sum must not be shown yet.
func (r *Refusal) Holds(sum [32]byte) bool { return r.sum == sum && r.Lasts() }

// Lasts tells whether there is something to remember.
func (r *Refusal) Lasts() bool { return time.Now().Before(r.until) }
