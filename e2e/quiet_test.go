//go:build integration

package e2e_test

import (
	"testing"
	"time"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// quiet is five of the agent's pings: a server that takes them for abuse hangs
// up at the fourth (seen on 2026-11-22 with grpc-go's default policy).
const quiet = 80 * time.Second

// TestAQuietSessionStaysOpen reports nothing for a while, as most agents do
// most of the time.
func TestAQuietSessionStaysOpen(t *testing.T) {
	s := start(t, trustv1.Tier_TIER_MONITOR_ONLY)
	s.settled()
	time.Sleep(quiet)
	if n := s.count("appliance: session closed"); n != 0 {
		t.Errorf("the session was closed %d times while it was quiet; want never", n)
	}
	if n := s.count("agent: disconnected"); n != 0 {
		t.Errorf("the agent lost its connection %d times; want never", n)
	}
	s.flips(1)
	s.settled()
}
