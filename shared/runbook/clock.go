package runbook

import "time"

// Clock is what a host's clock showed when it had run a document.
type Clock struct {
	UTC time.Time     // by the host
	Ran time.Duration // since the document began, by the host
	// Step is how exact both are: the clock showed UTC at some time within it.
	Step time.Duration
}

// possible is what can be told of at all; a clock may be very wrong.
func (c *Clock) possible() bool {
	return !c.UTC.Before(firstTime) && !c.UTC.After(lastTime) && c.Ran >= 0 && c.Ran <= longestRun
}

// Exchange is when a document went out and its reply was there, by a clock that is
// right but for Error. It is zero when nobody knows that the clock is right.
type Exchange struct {
	Sent, Received time.Time
	Error          time.Duration
}

// maxStep is by how much the asker's clock may move against its counter while it
// waits: NTP moves it by 500 ppm, which are 50 ms in 100 s.
const maxStep = 50 * time.Millisecond

// took is how long the exchange was, by the asker's counter where the times have
// one. It is false for one that ends before it begins, and where the clock was set
// meanwhile, so that nobody knows which end of it was right.
func (x Exchange) took() (time.Duration, bool) {
	took := x.Received.Sub(x.Sent)
	wall := x.Received.Round(0).Sub(x.Sent.Round(0))
	return took, !x.Sent.IsZero() && took >= 0 && (wall-took).Abs() <= maxStep+took/2000
}

// Offset is how far the host's clock is ahead: somewhere from low to high. The
// host read its clock after it had measured Ran, and that was after Sent and Ran,
// and before Received. It is false when nothing was measured, or when the host ran
// for longer than the exchange took, because its clock was set meanwhile.
func (r *Reply) Offset() (low, high time.Duration, ok bool) {
	x := r.Exchange
	took, ok := x.took()
	if r.Clock == nil || !ok {
		return 0, 0, false
	}
	step := r.Clock.Step
	// Two readings that are Step apart at the most make Ran wrong by that.
	ran := max(r.Clock.Ran-step, 0)
	if ran > took {
		return 0, 0, false
	}
	low = r.Clock.UTC.Sub(x.Sent.Add(took)) - x.Error
	high = r.Clock.UTC.Add(step).Sub(x.Sent.Add(ran)) + x.Error
	return low, high, true
}
