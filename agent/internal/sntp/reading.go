package sntp

import (
	"encoding/binary"
	"errors"
	"time"
)

// The packet of RFC 5905, 7.3; times are seconds since 1900 in 32 bits and the
// fraction in another 32.
const (
	packetSize     = 48
	rootDelayAt    = 4
	rootDispersion = 8
	originAt       = 24
	receiveAt      = 32
	transmitAt     = 40

	modeClient = 3
	modeServer = 4
	// noLeap is what a server says that is not synchronised itself.
	noLeap = 3
	// maxStratum is the last that is synchronised.
	maxStratum = 15
)

// mostDelay bounds the delay: the offset is right to half of it.
const mostDelay = time.Second

// Reading is one answer.
type Reading struct {
	// Offset is what must be added to this clock to have the server's.
	Offset time.Duration
	// Delay is the packets' time on the road.
	Delay time.Duration
	// Stratum is 1 for a server with its own reference.
	Stratum uint8
}

// ErrNoTime means that the server answered and said nothing that counts: it
// refuses, does not know the time itself, or makes no sense.
var ErrNoTime = errors.New("the server gives no time")

// packet has room for what some servers append.
type packet = [packetSize * 2]byte

// parsable tells whether b answers question.
func parsable(b *packet, question *[packetSize]byte) bool {
	return b[0]&7 == modeServer && [8]byte(b[originAt:]) == [8]byte(question[transmitAt:])
}

// parse reads the answer to a question that was sent at sent by this clock, took
// ago.
func parse(b *packet, sent time.Time, took time.Duration) (*Reading, error) {
	r := &Reading{Stratum: b[1]} // 0 is a refusal
	// Half the root delay and the dispersion in units of 1/65536 s: more than a
	// second from its source.
	root := uint64(binary.BigEndian.Uint32(b[rootDelayAt:]))/2 + uint64(binary.BigEndian.Uint32(b[rootDispersion:]))
	received, transmitted := binary.BigEndian.Uint64(b[receiveAt:]), binary.BigEndian.Uint64(b[transmitAt:])
	held := time.Duration(nanoseconds(transmitted) - nanoseconds(received))
	r.Delay = took - held
	if b[0]>>6 == noLeap || r.Stratum == 0 || r.Stratum > maxStratum || root > 1<<16 ||
		received == 0 || transmitted == 0 || held < 0 || r.Delay < 0 || r.Delay > mostDelay {
		return nil, ErrNoTime
	}
	// As ((received-sent) + (transmitted-arrived)) / 2.
	r.Offset = time.Duration(nanoseconds(received)-sent.UnixNano()) - r.Delay/2
	return r, nil
}

// nanoseconds since 1970 of a time stamp. Seconds without the top bit are after
// 2036-02-07, when they start again (RFC 4330, 3).
func nanoseconds(stamp uint64) int64 {
	seconds := int64(stamp >> 32)
	if seconds&0x80000000 == 0 {
		seconds += 1 << 32
	}
	const unix1970 = 2208988800
	return (seconds-unix1970)*1e9 + int64(stamp&0xffffffff*1e9>>32)
}
