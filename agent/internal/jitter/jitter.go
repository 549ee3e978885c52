// Package jitter spreads in time what the machines of a site would do in step.
// It asks the system for randomness, which is linked anyway: math/rand/v2 adds
// 8 KB (measured 2026-11-22).
package jitter

import (
	"crypto/rand"
	"encoding/binary"
	"time"
)

// Below gives a random time from 0 up to and without limit, which is above 0.
func Below(limit time.Duration) time.Duration {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return time.Duration(binary.LittleEndian.Uint64(b[:]) % uint64(limit))
}
