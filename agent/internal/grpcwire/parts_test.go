package grpcwire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"testing"
	"time"
)

func TestTimeoutHeaderHasAtMostEightDigitsAndNeverRoundsDown(t *testing.T) {
	for d, want := range map[time.Duration]string{
		1: "1n", 99999999: "99999999n", 100000000: "100000u", 100000001: "100001u",
		30 * time.Second: "30000000u", time.Hour: "3600000m", 99999999*time.Millisecond + 1: "100000S",
		99999999 * time.Second: "99999999S", 99999999*time.Second + 1: "1666667M", math.MaxInt64: "2562048H",
	} {
		got := timeoutHeader(d)
		if got != want {
			t.Errorf("timeoutHeader(%d) = %s; want %s", d, got, want)
		}
		if len(got) > 9 {
			t.Errorf("timeoutHeader(%d) = %s; want at most eight digits", d, got)
		}
	}
}

func TestUnescapeKeepsWhatIsNoEscape(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "plain": "plain", "%41": "A", "%e2%98%BA": "☺", "100%": "100%", "%4": "%4", "%zz%20": "%zz ", "%%41": "%A", "%+1%-1": "%+1%-1", "%00": "\x00",
	} {
		if got := unescape(in); got != want {
			t.Errorf("unescape(%q) = %q; want %q", in, got, want)
		}
	}
}

func TestFlowGivesBackExactlyWhatWasTaken(t *testing.T) {
	f := flow{send: 10, recv: 100, size: 100}
	given := 0
	for range 1000 {
		if !f.take(7) {
			t.Fatalf("take(7) refused with %d left", f.recv+7)
		}
		given += int(f.give(7))
		if f.recv+f.owed != 100 {
			t.Fatalf("recv %d + owed %d; want 100", f.recv, f.owed)
		}
	}
	if given+int(f.owed) != 7000 {
		t.Errorf("gave back %d and owe %d; want 7000", given, f.owed)
	}
	if f.take(int(f.recv) + 1) {
		t.Error("take() of one byte too many = true; want false")
	}
	if !f.grow(maxWindow-10) || f.grow(1) {
		t.Error("grow() must accept the largest window and not one byte more")
	}
}

func TestBudgetRefillsWithTimeAndWithOurFrames(t *testing.T) {
	now := time.Unix(1, 0)
	b := newBudget(10, 2, now)
	spend := func() (n int) {
		for b.spend(now) {
			n++
		}
		b.left = 0
		return n
	}
	if got := spend(); got != 10 {
		t.Errorf("at first %d; want 10", got)
	}
	now = now.Add(3 * time.Second)
	if got := spend(); got != 6 {
		t.Errorf("after 3 s %d; want 6", got)
	}
	b.earn()
	if got := spend(); got != earned {
		t.Errorf("after a frame of ours %d; want %d", got, earned)
	}
	now = now.Add(1000 * time.Hour)
	if got := spend(); got != 10 {
		t.Errorf("after a long time %d; want 10", got)
	}
}

func TestCodeOfAnyError(t *testing.T) {
	for _, c := range []struct {
		err  error
		want uint32
	}{
		{nil, OK},
		{io.EOF, OK},
		{&Status{Code: 5}, 5},
		{fmt.Errorf("calling: %w", &Status{Code: 16}), 16},
		{context.Canceled, Canceled},
		{context.DeadlineExceeded, DeadlineExceeded},
		{errors.New("x"), Unknown},
		{ErrClosed, Unknown},
	} {
		if got := Code(c.err); got != c.want {
			t.Errorf("Code(%v) = %d; want %d", c.err, got, c.want)
		}
	}
}

func TestStreamIDsRunOut(t *testing.T) {
	c := &Conn{nextID: math.MaxInt32}
	if err := c.refusal(); err != nil {
		t.Errorf("refusal() at the last id = %v; want nil", err)
	}
	c.nextID += 2
	if err := c.refusal(); Code(err) != Unavailable {
		t.Errorf("refusal() after the last id = %v; want status %d", err, Unavailable)
	}
}
