package grpcwire

import "time"

// earned is what one frame of ours adds to the peer's budget. grpc-go answers a
// DATA frame with up to two WINDOW_UPDATEs, a PING (its bandwidth estimate) and
// a RST_STREAM.
const earned = 4

// budget bounds frames that cost the peer nothing to send.
type budget struct {
	left, burst, perSecond int
	at                     time.Time
}

func newBudget(burst, perSecond int, now time.Time) budget {
	return budget{left: burst, burst: burst, perSecond: perSecond, at: now}
}

func (b *budget) earn() { b.left = min(b.burst, b.left+earned) }

// spend takes one; false means that the peer floods us.
func (b *budget) spend(now time.Time) bool {
	if s := int64(now.Sub(b.at) / time.Second); s > 0 {
		b.left = int(min(int64(b.burst), int64(b.left)+s*int64(b.perSecond)))
		b.at = now
	}
	b.left--
	return b.left >= 0
}
