package clock

import (
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

func TestReadings(t *testing.T) {
	for name, c := range map[string]struct {
		in   status
		want Reading
	}{
		"kept by a daemon, nanoseconds": {status{0, 0x2001, -1_500_000, 16_000}, Reading{Synchronised: true, OffsetMs: -1.5, MaxErrorMs: 16}},
		"kept, microseconds":            {status{0, 0x0001, 2_500, 500}, Reading{Synchronised: true, OffsetMs: 2.5, MaxErrorMs: 0.5}},
		"never set":                     {status{5, 0x0040, 0, 16_000_000}, Reading{MaxErrorMs: 16000}},
		"flag without the state":        {status{0, 0x2040, 0, 1}, Reading{MaxErrorMs: 0.001}},
	} {
		if got := *c.in.reading(time.Time{}); got != c.want {
			t.Errorf("%s: reading = %+v; want %+v", name, got, c.want)
		}
	}
}

func TestTheKernelIsAskedNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c := &Clock{read: func() (status, error) { asked++; return status{}, nil }}
		for range 100 {
			c.Reading()
			time.Sleep(time.Second)
		}
		if asked != 10 {
			t.Errorf("asked %d times in 100 s; want 10", asked)
		}
		c.read = func() (status, error) { return status{}, errors.ErrUnsupported }
		time.Sleep(keep)
		if r := c.Reading(); r != nil {
			t.Errorf("Reading without an answer = %+v; want nil", r)
		}
	})
}

func TestTheSystemAnswers(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only linux says")
	}
	if r := New().Reading(); r == nil || r.MaxErrorMs < 0 {
		t.Errorf("Reading = %+v", r)
	}
}
