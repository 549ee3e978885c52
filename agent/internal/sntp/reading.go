package sntp

import (
	"bytes"
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

var (
	errNotOurs = errors.New("the answer is to another question")
	// ErrRefused means that the server told us to ask less often or not at all.
	ErrRefused = errors.New("the server refuses")
	// ErrUnsynchronised means that the server does not know the time itself.
	ErrUnsynchronised = errors.New("the server has no time")
)

// parse reads the answer to a question that carried nonce and was sent at sent
// by this clock, took ago.
func parse(b, nonce []byte, sent time.Time, took time.Duration) (*Reading, error) {
	if len(b) < packetSize || b[0]&7 != modeServer || !bytes.Equal(b[originAt:receiveAt], nonce) {
		return nil, errNotOurs
	}
	r := &Reading{Stratum: b[1]}
	if r.Stratum == 0 {
		return nil, ErrRefused
	}
	root := time.Duration(binary.BigEndian.Uint32(b[rootDelayAt:])) + 2*time.Duration(binary.BigEndian.Uint32(b[rootDispersion:]))
	if b[0]>>6 == noLeap || r.Stratum > maxStratum || root > 2<<16 { // more than two seconds from its source
		return nil, ErrUnsynchronised
	}
	received, transmitted := stamp(b[receiveAt:]), stamp(b[transmitAt:])
	held := transmitted.Sub(received)
	if received.IsZero() || transmitted.IsZero() || held < 0 || held > took {
		return nil, errors.New("the server's times make no sense")
	}
	if r.Delay = took - held; r.Delay > mostDelay {
		return nil, errors.New("the answer took too long")
	}
	// As ((received-sent) + (transmitted-arrived)) / 2, without the sum, which may
	// overflow where a clock is centuries off.
	r.Offset = received.Sub(sent.Round(0)) - r.Delay/2
	return r, nil
}

// stamp is zero for the zero time stamp. Numbers without the top bit are after
// 2036-02-07, when the seconds start again (RFC 4330, 3).
func stamp(b []byte) time.Time {
	seconds, fraction := int64(binary.BigEndian.Uint32(b)), uint64(binary.BigEndian.Uint32(b[4:]))
	if seconds == 0 && fraction == 0 {
		return time.Time{}
	}
	if seconds&0x80000000 == 0 {
		seconds += 1 << 32
	}
	const unix1970 = 2208988800
	return time.Unix(seconds-unix1970, int64(fraction*1e9>>32))
}
