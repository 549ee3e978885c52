//go:build wine

package wine_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/osiriscare/osiris/e2e/wine"
)

var (
	kills = flag.Int("kills", 12, "how often the agent is killed")
	seed  = flag.Uint64("seed", uint64(time.Now().UnixNano()), "seed of the moments of killing")
)

// flipped is the check that the tests break and mend: it reads the registry only.
const (
	flipped  = "screen_lock"
	lockKey  = `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System`
	lockName = "InactivityTimeoutSecs"
)

// lockAfter sets after how many seconds Windows locks itself.
func lockAfter(ctx context.Context, p *wine.Prefix, seconds int) error {
	_, err := p.Run(ctx, "reg.exe", "add", lockKey, "/v", lockName, "/t", "REG_DWORD", "/d", fmt.Sprint(seconds), "/f")
	return err
}

// TestNothingIsLostOrDoubledWhenTheAgentIsKilled enrols the agent, lets it
// stream, and kills it at random moments while the registry changes.
func TestNothingIsLostOrDoubledWhenTheAgentIsKilled(t *testing.T) {
	t.Parallel()
	t.Logf("seed %d: repeat with -seed", *seed)
	s := startSite(t)
	s.token()
	s.must("enrolling", func(ctx context.Context) error {
		_, err := s.Run(ctx, agentExe(t), "enrol", "--config", wine.WindowsPath(s.config()))
		return err
	})
	moments := rand.New(rand.NewPCG(*seed, 0))
	for k := range *kills {
		s.must("starting the agent", s.agent.Start)
		if k%3 == 0 { // every third life is long enough to see a change
			s.flipUntilJudged()
		} else {
			s.must("changing the registry", s.flip)
		}
		time.Sleep(time.Duration(moments.IntN(1500)) * time.Millisecond)
		s.must("killing the agent", func(context.Context) error { return s.agent.Kill() })
		if k%3 == 1 { // and once within its start
			s.must("starting the agent", func(context.Context) error { return s.agent.Launch() })
			time.Sleep(time.Duration(moments.IntN(400)) * time.Millisecond)
			s.must("killing the agent", func(context.Context) error { return s.agent.Kill() })
		}
	}
	s.must("starting the agent", s.agent.Start)
	records := s.settled()
	t.Logf("%d kills, %d records, each in one bundle", *kills, records)
	if records < uint64(*kills)/3 {
		t.Errorf("the agent made %d records over %d kills; want some of most lives", records, *kills)
	}
	if s.count("agent: fail") == 0 || s.count("agent: pass") == 0 {
		t.Errorf("the agent judged %d times fail and %d times pass; want both", s.count("agent: fail"), s.count("agent: pass"))
	}
}

// flip breaks or mends what the check looks at.
func (s *site) flip(ctx context.Context) error {
	s.seconds = 900 - s.seconds
	return lockAfter(ctx, s.Prefix, s.seconds)
}

// flipUntilJudged flips until the agent's verdict changes: the one it kept from
// its last life may be what the registry says now.
func (s *site) flipUntilJudged() {
	s.t.Helper()
	before, asked := s.count("agent: fail")+s.count("agent: pass"), 0
	s.until("the agent has judged", func(ctx context.Context) error {
		if s.count("agent: fail")+s.count("agent: pass") > before {
			return nil
		}
		if asked++; asked%15 == 1 { // three seconds; it looks every second
			if err := s.flip(ctx); err != nil {
				return err
			}
		}
		return fmt.Errorf("no verdict of %s changed", flipped)
	})
}
