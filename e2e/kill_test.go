//go:build integration

package e2e_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/osiriscare/osiris/e2e/stack"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

var (
	kills = flag.Int("kills", 100, "how often each program is killed")
	seed  = flag.Uint64("seed", uint64(time.Now().UnixNano()), "seed of the moments of killing")
)

// TestNothingIsLostOrDoubledOverKills kills an agent, the appliance and Central
// at random moments while settings flip on three computers as fast as agents
// may look, with healing off in the first half and on in the second.
func TestNothingIsLostOrDoubledOverKills(t *testing.T) {
	t.Logf("seed %d: repeat with -seed", *seed)
	s := start(t, trustv1.Tier_TIER_MONITOR_ONLY)
	s.join()
	s.join()
	stopFlipping := s.flipAll()
	defer stopFlipping()

	half := *kills / 2
	s.killAll(half)
	s.must("allowing healing", func(ctx context.Context) error { return s.SetTier(ctx, trustv1.Tier_TIER_SELF_HEAL) })
	s.killAll(*kills - half)

	stopFlipping()
	accounts, queues := s.settled()
	if len(accounts) != len(queues) {
		t.Errorf("bundles are of %d queues; want %d, nothing was restored", len(accounts), len(queues))
	}
	for id, a := range accounts {
		if len(a.lost) > 0 {
			t.Errorf("queue %s has gaps %v; want none, nothing overflowed", id, a.lost)
		}
	}
	s.proven()
	var records uint64
	for _, q := range queues {
		records += q.next - 1
	}
	t.Logf("%d kills of each program, %d records of %d agents, each in one bundle; %d commands sent", *kills, records, len(queues), s.count("appliance: command sent"))
	if records < uint64(*kills) {
		t.Errorf("the agents made %d records over %d kills; want at least one a kill, or the loop has tried nothing", records, *kills)
	}
	if sent, opened := s.count("appliance: command sent"), s.count("appliance: incident opened"); sent == 0 || opened == 0 {
		t.Errorf("%d commands were sent and %d incidents opened; want some of both", sent, opened)
	}
	s.must("stopping cleanly", func(context.Context) error { return s.Stop() })
}

// flipAll breaks and mends the setting of every computer until it is stopped;
// it leaves them mended.
func (s *site) flipAll() (stop func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	var all sync.WaitGroup
	for i, c := range s.computers {
		all.Go(func() {
			// Different periods, so that all orders of events occur.
			tick := time.NewTicker(time.Duration(500+130*i) * time.Millisecond)
			defer tick.Stop()
			for bad := true; ; bad = !bad {
				select {
				case <-ctx.Done():
					s.write(c, hardened)
					return
				case <-tick.C:
				}
				if bad {
					s.write(c, broken)
				} else {
					s.write(c, hardened)
				}
			}
		})
	}
	return func() {
		cancel()
		all.Wait()
	}
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

// killOne lets a program live for up to a second and a half and kills it. After
// every third kill it is killed once more within its start, which takes some 50
// milliseconds: what a start does to its files must survive that too.
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
		if k%3 == 0 {
			if err := p.Launch(); err != nil {
				return fmt.Errorf("after kill %d: %w", k+1, err)
			}
			time.Sleep(time.Duration(moments.IntN(80)) * time.Millisecond)
			if err := p.Kill(); err != nil {
				return err
			}
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
