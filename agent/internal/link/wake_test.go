package link

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestAJumpIsMoreThanATickIsLate(t *testing.T) {
	last := time.Now()
	for _, tt := range []struct {
		name string
		now  time.Time
		want bool
	}{
		{"a tick", last.Add(wakeTick), false},
		{"a late tick of a busy machine", last.Add(wakeTick + 3*time.Second), false},
		{"a sleep on Windows, where the running clock goes on", last.Add(time.Hour), true},
		{"a sleep on Linux, where only the wall's clock goes on", last.Round(0).Add(time.Hour), true},
		{"a clock that is set an hour back", last.Round(0).Add(-time.Hour), true},
		{"a clock that is corrected by a second", last.Round(0).Add(time.Second), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := jumped(last, tt.now, wakeTick); got != tt.want {
				t.Errorf("jumped = %v; want %v", got, tt.want)
			}
		})
	}
}

// TestAWakeIsSeenInTime is the part of "reconnect within 10 s of wake" that is
// ours: a tick of 2 s, a pause that starts anew, and a dial.
func TestAWakeIsSeenInTime(t *testing.T) {
	if wakeTick+firstPause > 10*time.Second {
		t.Errorf("a wake is acted on after up to %v; want 10 s at most, dialling included", wakeTick+firstPause)
	}
	var p pause
	for range 20 {
		p.next(errStalled, false, 0)
	}
	if got := p.next(errWoke, false, 0); got > firstPause {
		t.Errorf("the pause after a wake is %v; want at most %v", got, firstPause)
	}
}

func TestAPauseLastsAsLongAsItShouldAndEndsWithTheAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		if slept(t.Context(), 7*time.Second) {
			t.Error("it takes a wait for a sleep")
		}
		if took := time.Since(started); took != 7*time.Second {
			t.Errorf("the wait took %v; want 7s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		slept(ctx, time.Hour)
		if took := time.Since(started); took != 10*time.Second {
			t.Errorf("the wait went on for %v; want 3s", took-7*time.Second)
		}
	})
}
