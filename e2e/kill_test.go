//go:build integration

package e2e_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/osiriscare/osiris/e2e/stack"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

var (
	kills = flag.Int("kills", 100, "how often each program is killed")
	seed  = flag.Uint64("seed", uint64(time.Now().UnixNano()), "seed of the moments of killing")
)

// TestNothingIsLostOrDoubledOverKills kills each program at random moments
// while a setting flips as fast as the agent may look, with healing off in the
// first half and on in the second.
func TestNothingIsLostOrDoubledOverKills(t *testing.T) {
	t.Logf("seed %d: repeat with -seed", *seed)
	s := start(t, trustv1.Tier_TIER_MONITOR_ONLY, 200*time.Millisecond)
	flipping, stopFlipping := context.WithCancel(t.Context())
	defer stopFlipping()
	flipped := make(chan struct{})
	go func() {
		defer close(flipped)
		s.toggle(flipping, 250*time.Millisecond)
	}()

	half := *kills / 2
	s.killAll(half)
	before, err := s.queue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.must("allowing healing", func(ctx context.Context) error { return s.SetTier(ctx, trustv1.Tier_TIER_SELF_HEAL) })
	s.killAll(*kills - half)

	stopFlipping()
	<-flipped
	s.write("60-osiris.conf", hardened)
	accounts, q := s.settled()
	if len(accounts) != 1 {
		t.Errorf("bundles are of %d queues; want 1, nothing was restored", len(accounts))
	}
	for id, a := range accounts {
		if len(a.lost) > 0 {
			t.Errorf("queue %s has gaps %v; want none, nothing overflowed", id, a.lost)
		}
	}
	s.proven()
	if sent, opened := s.count("appliance: command sent"), s.count("appliance: incident opened"); sent == 0 || opened == 0 {
		t.Errorf("%d commands were sent and %d incidents opened; want some of both, or the loop has tried nothing", sent, opened)
	}
	t.Logf("%d kills of each program, %d records before healing was on, %d after, each in one bundle", *kills, before.next-1, q.next-1)
	if q.next < uint64(*kills) {
		t.Errorf("the agent made %d records over %d kills; want at least one a kill", q.next-1, *kills)
	}
	s.must("stopping cleanly", func(context.Context) error { return s.Stop() })
}

// killAll kills each of the three n times, each at moments of its own, and
// starts it again.
func (s *site) killAll(n int) {
	s.t.Helper()
	done := make(chan error)
	for i, p := range []*stack.Process{s.Agent.Process, s.Appliance, s.Central} {
		moments := rand.New(rand.NewPCG(*seed, uint64(i)))
		go func() { done <- s.killOne(p, n, moments) }()
	}
	for range 3 {
		if err := <-done; err != nil {
			s.t.Error(err)
		}
	}
	if s.t.Failed() {
		s.t.FailNow()
	}
}

// killOne lets a program live for up to a second and a half, which reaches from
// the middle of its start to the middle of its work.
func (s *site) killOne(p *stack.Process, n int, moments *rand.Rand) error {
	for k := range n {
		select {
		case <-s.t.Context().Done():
			return s.t.Context().Err()
		case <-time.After(time.Duration(moments.IntN(1500)) * time.Millisecond):
		}
		if !p.Running() {
			return fmt.Errorf("before kill %d: %w", k+1, p.Reason())
		}
		if err := p.Kill(); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(s.t.Context(), patience)
		err := p.Start(ctx)
		cancel()
		if err != nil {
			return fmt.Errorf("after kill %d: %w", k+1, err)
		}
	}
	return nil
}
