package grpcwire

const (
	defaultWindow = 65535
	maxWindow     = 1<<31 - 1
)

// flow is the exact account of one connection's or one call's bytes. send may
// be negative after the peer shrank its initial window (RFC 9113, 6.9.2).
type flow struct {
	send int64 // what we may send
	recv int64 // what the peer may send
	owed int64 // consumed here, not yet given back to the peer
	size int64 // recv + owed + what is held unread
}

// grow adds to what we may send; false means that the peer overflowed it.
func (f *flow) grow(n int64) bool {
	f.send += n
	return f.send <= maxWindow
}

// take books n bytes from the peer; false means that it had no right to them.
func (f *flow) take(n int) bool {
	f.recv -= int64(n)
	return f.recv >= 0
}

// give books n bytes as consumed and returns the WINDOW_UPDATE that is due: none
// until half the window is owed, so that small messages do not cost a frame each.
func (f *flow) give(n int) uint32 {
	f.owed += int64(n)
	if f.owed < f.size/2 {
		return 0
	}
	due := f.owed
	f.recv += due
	f.owed = 0
	return uint32(due)
}
