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
	"errors"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/agent/internal/dial"
)

// limit is how long one server may take, its name's look-up included.
const limit = 2 * time.Second

// strangers is how many packets that answer nothing of ours are read past.
const strangers = 4

// Query asks server, host:port.
func Query(ctx context.Context, server string) (*Reading, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	conn, err := dial.UDP(ctx, server)
	if err != nil {
		return nil, fmt.Errorf("reaching time server %s: %w", server, err)
	}
	defer conn.Close()                                                           //nolint:errcheck // nothing is kept
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) }) //nolint:errcheck // it cannot fail on an open socket
	defer stop()
	var question [packetSize]byte
	question[0] = 4<<3 | modeClient
	if _, err := rand.Read(question[transmitAt:]); err != nil {
		return nil, err
	}
	sent := time.Now()
	if _, err := conn.Write(question[:]); err != nil {
		return nil, fmt.Errorf("asking time server %s: %w", server, err)
	}
	var answer [packetSize * 2]byte
	for range strangers {
		n, err := conn.Read(answer[:])
		if err != nil {
			return nil, fmt.Errorf("waiting for time server %s: %w", server, err)
		}
		took := time.Since(sent) // by the monotonic clock
		reading, err := parse(answer[:n], question[transmitAt:], sent, took)
		if err == errNotOurs { //nolint:errorlint // parse gives it bare
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading the answer of time server %s: %w", server, err)
		}
		return reading, nil
	}
	return nil, errors.New("time server " + server + " answers other questions")
}
