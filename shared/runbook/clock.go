package runbook

import "time"

// Clock is what a host's clock showed when it had run a document.
type Clock struct {
	UTC time.Time     // by the host
	Ran time.Duration // since the document began, by the host
	// Step is how exact both are: the clock showed UTC at some time within it.
	Step time.Duration
}

// Exchange is when a document went out and its reply was there, by a clock that is
// right but for Error. It is zero when nobody knows that the clock is right.
type Exchange struct {
	Sent, Received time.Time
	Error          time.Duration
}

// Offset is how far the host's clock is ahead: somewhere from low to high. The
// host read its clock at the end of what it ran, and that was after Sent and Ran,
// and before Received. It is false when nothing was measured, or when the host ran
// for longer than the exchange took, because its clock was set meanwhile.
func (r *Reply) Offset() (low, high time.Duration, ok bool) {
	x := r.Exchange
	if r.Clock == nil || x.Sent.IsZero() || x.Received.Before(x.Sent) {
		return 0, 0, false
	}
	step := r.Clock.Step
	// Two readings that are Step apart at the most make Ran wrong by that.
	ran := max(r.Clock.Ran-step, 0)
	if ran > x.Received.Sub(x.Sent) {
		return 0, 0, false
	}
	low = r.Clock.UTC.Sub(x.Received) - x.Error
	high = r.Clock.UTC.Add(step).Sub(x.Sent.Add(ran)) + x.Error
	return low, high, true
}
