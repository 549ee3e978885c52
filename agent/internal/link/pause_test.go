package link

import (
	"errors"
	"testing"
	"time"
)

func TestPausesDoubleUpToAMinuteAndStartAnewAfterASuccess(t *testing.T) {
	var p pause
	for i := range 20 {
		want := min(firstPause<<min(i, 9), longestPause)
		if got := p.next(errors.New("away"), false, 0); got < want/2 || got > want {
			t.Errorf("pause %d is %v; want %v to %v", i, got, want/2, want)
		}
	}
	if got := p.next(errors.New("away"), true, 0); got > firstPause {
		t.Errorf("after a success the pause is %v; want at most %v", got, firstPause)
	}
}

func TestAPauseHonoursTheApplianceWithinReason(t *testing.T) {
	var p pause
	for asked, want := range map[time.Duration]time.Duration{10 * time.Second: 10 * time.Second, 1000 * time.Hour: longestPause} {
		if got := p.next(errDrain, true, asked); got < want/2 || got > want {
			t.Errorf("asked for %v, the pause is %v; want %v to %v", asked, got, want/2, want)
		}
	}
}

func TestOpeningAnewAtOnceHasALimit(t *testing.T) {
	var p pause
	for range againLimit {
		if got := p.next(errAgain, false, 0); got != 0 {
			t.Errorf("the pause is %v; want 0", got)
		}
	}
	for range 5 {
		if got := p.next(errAgain, false, 0); got == 0 {
			t.Error("it goes on without a pause")
		}
	}
}

func TestABucketRunsDryAndFillsAgain(t *testing.T) {
	now := time.Unix(0, 0)
	b := bucket{left: 2, burst: 2, perSecond: 1, last: now}
	for _, later := range []time.Duration{0, time.Hour} {
		now = now.Add(later)
		got := []bool{b.take(now), b.take(now), b.take(now)}
		if !got[0] || !got[1] || got[2] {
			t.Errorf("after %v it gives %v; want two and no more", later, got)
		}
	}
}
