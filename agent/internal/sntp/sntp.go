// Package sntp asks a time server how far this computer's clock is off (RFC 4330
// and RFC 5905, read 2026-11-22). One question is one packet of 48 bytes each way
// on UDP port 123. Offsets are what would have to be added to this clock; they
// are right to half the delay, so an answer that took longer than a second is
// refused. Nothing is signed: whoever sits between can lie, so the answer is for
// reports and never sets a clock. The question carries a random number instead of
// our time, which only the server that saw it can repeat.
package sntp

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/osiriscare/osiris/agent/internal/dial"
)

// limit is how long one server may take, its name's look-up included.
const limit = 2 * time.Second

// strangers is how many packets that answer nothing of ours are read past.
const strangers = 4

// Query asks server, host:port. It may block its thread for as long as limit.
func Query(ctx context.Context, server string) (*Reading, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	conn, err := dial.UDP(ctx, server, limit)
	if err != nil {
		return nil, err
	}
	defer conn.Close() //nolint:errcheck // nothing is kept
	var question [packetSize]byte
	question[0] = 4<<3 | modeClient
	_, _ = rand.Read(question[transmitAt:]) // never fails since Go 1.24
	sent := time.Now()
	if _, err := conn.Write(question[:]); err != nil {
		return nil, err
	}
	var answer [packetSize * 2]byte
	for range strangers {
		n, err := conn.Read(answer[:])
		if err != nil {
			return nil, err
		}
		took := time.Since(sent) // by the monotonic clock
		if n >= packetSize && parsable(&answer, &question) {
			return parse(&answer, sent, took)
		}
	}
	return nil, ErrNoTime
}
