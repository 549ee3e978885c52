package uplink_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
)

// sayings keeps what is logged.
type sayings struct {
	mu    sync.Mutex
	lines []string // "LEVEL message"
}

func (s *sayings) Enabled(context.Context, slog.Level) bool { return true }
func (s *sayings) WithAttrs([]slog.Attr) slog.Handler       { return s }
func (s *sayings) WithGroup(string) slog.Handler            { return s }
func (s *sayings) Handle(_ context.Context, r slog.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, r.Level.String()+" "+r.Message)
	return nil
}

// count is how many lines say so.
func (s *sayings) count(line string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lines {
		if l == line {
			n++
		}
	}
	return n
}

// until waits for something that another goroutine does.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 3000 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s: not within 30 s", what)
}

func (c *central) refuseWith(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuse = err
}

func TestARefusalIsAnErrorThatIsShownAndNotAnAbsence(t *testing.T) {
	s, dir := site(t)
	c := newCentral(t, s)
	b := open(t, c, dir)
	const refused = "ERROR evidence refused by central"
	c.refuseWith(connect.NewError(connect.CodeAlreadyExists, errors.New("entry 0: odd")))
	b.add(t, 1)
	b.run(t)
	shown := func(words string) func() bool {
		return func() bool {
			text, _ := b.uplink.Refused()
			return words == "" && text == "" || words != "" && strings.Contains(text, words)
		}
	}
	until(t, "the refusal is shown", shown("entry 0: odd"))
	until(t, "the first check-in is done", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.checks) > 0
	})
	if b.uplink.Away() {
		t.Error("Away = true; Central answered")
	}
	if _, checkIn := b.uplink.Refused(); checkIn != "" {
		t.Errorf("check-ins are said to be refused: %s", checkIn)
	}
	c.refuseWith(connect.NewError(connect.CodeFailedPrecondition, errors.New("the log was closed")))
	until(t, "the new refusal is shown", shown("the log was closed"))
	c.set(true)
	until(t, "central is away", b.uplink.Away)
	if !shown("the log was closed")() {
		t.Error("the refusal is forgotten while central is away")
	}
	c.set(false)
	c.refuseWith(nil)
	b.witnessed(t, 2)
	until(t, "nothing is refused any more", shown(""))
	if n := b.said.count(refused); n != 2 {
		t.Errorf("%q was logged %d times; want once for each text", refused, n)
	}
	if b.said.count("INFO evidence taken by central again") != 1 || b.said.count("WARN central is away") != 1 {
		t.Errorf("log = %q; want one absence and one return", b.said.lines)
	}
}

func TestOnlyAnswersThatWaitingDoesNotMendAreRefusals(t *testing.T) {
	s, dir := site(t)
	c := newCentral(t, s)
	b := open(t, c, dir)
	b.add(t, 1)
	c.refuseWith(connect.NewError(connect.CodeResourceExhausted, errors.New("later")))
	b.run(t)
	until(t, "central is away", b.uplink.Away)
	if evidence, checkIn := b.uplink.Refused(); evidence+checkIn != "" {
		t.Errorf("Refused = %q, %q; want neither", evidence, checkIn)
	}
}
