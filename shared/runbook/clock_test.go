package runbook_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"github.com/osiriscare/osiris/shared/runbook"
)

func TestAClockIsWithinWhatTheExchangeLeavesOpen(t *testing.T) {
	sent := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	at := func(s float64) time.Time { return sent.Add(time.Duration(s * float64(time.Second))) }
	for name, c := range map[string]struct {
		reply     runbook.Reply
		low, high float64 // seconds
		none      bool
	}{
		"a host that was quick": {
			reply: runbook.Reply{Clock: &runbook.Clock{UTC: at(100.9), Ran: 800 * time.Millisecond}, Exchange: runbook.Exchange{Sent: sent, Received: at(1)}},
			low:   99.9, high: 100.1,
		},
		"a host that was slow to begin": {
			reply: runbook.Reply{Clock: &runbook.Clock{UTC: at(9), Ran: time.Second}, Exchange: runbook.Exchange{Sent: sent, Received: at(10)}},
			low:   -1, high: 8,
		},
		"a clock of whole seconds": {
			reply: runbook.Reply{Clock: &runbook.Clock{UTC: at(1), Ran: time.Second, Step: time.Second}, Exchange: runbook.Exchange{Sent: sent, Received: at(1.5)}},
			low:   -0.5, high: 2,
		},
		"our own clock may be wrong, too": {
			reply: runbook.Reply{Clock: &runbook.Clock{UTC: at(1)}, Exchange: runbook.Exchange{Sent: sent, Received: at(1), Error: time.Second}},
			low:   -1, high: 2,
		},
		"the host read its clock long after its counter": {
			reply: runbook.Reply{Clock: &runbook.Clock{UTC: at(8), Ran: time.Second}, Exchange: runbook.Exchange{Sent: sent, Received: at(5)}},
			low:   3, high: 7,
		},
		"the host told nothing":         {reply: runbook.Reply{Exchange: runbook.Exchange{Sent: sent, Received: at(1)}}, none: true},
		"our clock is not known":        {reply: runbook.Reply{Clock: &runbook.Clock{UTC: at(1)}}, none: true},
		"our clock was set back":        {reply: runbook.Reply{Clock: &runbook.Clock{UTC: at(1)}, Exchange: runbook.Exchange{Sent: sent, Received: at(-5)}}, none: true},
		"the host's clock was set, too": {reply: runbook.Reply{Clock: &runbook.Clock{UTC: at(1), Ran: time.Hour}, Exchange: runbook.Exchange{Sent: sent, Received: at(2)}}, none: true},
	} {
		low, high, ok := c.reply.Offset()
		if ok == c.none || ok && (low.Seconds() != c.low || high.Seconds() != c.high) {
			t.Errorf("%s: Offset = %s to %s, %v; want %v to %v s, %v", name, low, high, ok, c.low, c.high, !c.none)
		}
	}
}

func TestAHostsClockIsRead(t *testing.T) {
	utc := time.Date(2026, 11, 22, 10, 0, 5, 0, time.UTC)
	whole := "OSIRIS-PART a\nOSIRIS-DONE a 0\nclock\t%s\t%s\nOSIRIS-END\n"
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"as it should be":      {fmt.Sprintf(whole, "1795341600", "1795341605"), true},
		"no number":            {fmt.Sprintf(whole, "x", "1795341605"), false},
		"it went back":         {fmt.Sprintf(whole, "1795341606", "1795341605"), false},
		"it ran for a year":    {fmt.Sprintf(whole, "1763805605", "1795341605"), false},
		"a script's own words": {"OSIRIS-PART a\nclock\t1\t2\nOSIRIS-DONE a 0\nOSIRIS-END\n", false},
	} {
		r, err := runbook.ReadShellReply([]byte(c.text))
		if err != nil || (r.Clock != nil) != c.want || c.want && (!r.Clock.UTC.Equal(utc) || r.Clock.Ran != 5*time.Second) {
			t.Errorf("%s: ReadShellReply = %+v, %v; want a clock: %v", name, r, err, c.want)
		}
	}
	r := &runbook.Reply{Clock: &runbook.Clock{UTC: utc, Ran: 5 * time.Second, Step: time.Millisecond}}
	text, err := r.Windows()
	if err != nil {
		t.Fatal(err)
	}
	again, err := runbook.ReadReply(text)
	if err != nil || !again.Clock.UTC.Equal(utc) || again.Clock.Ran != 5*time.Second {
		t.Errorf("ReadReply(Windows()) = %+v, %v", again.Clock, err)
	}
	r.Clock.UTC = time.Date(1400, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := r.Windows(); err == nil {
		t.Error("a clock before 1601 passes")
	}
}

// The real shell, and the real clock.
func TestALinuxHostTellsItsClock(t *testing.T) {
	c := load(t)
	d, err := c.Scan("linux", c.Texts().Checks("linux")[0])
	if err != nil {
		t.Fatal(err)
	}
	stdin, err := d.Shell()
	if err != nil {
		t.Fatal(err)
	}
	sent := time.Now()
	command := exec.CommandContext(t.Context(), "sh", "-s")
	command.Stdin = bytes.NewReader(stdin)
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	r, err := runbook.ReadShellReply(out)
	if err != nil {
		t.Fatal(err)
	}
	r.Exchange = runbook.Exchange{Sent: sent, Received: time.Now()}
	if low, high, ok := r.Offset(); !ok || low > 0 || high < 0 {
		t.Errorf("the clock of this machine is off by %s to %s, %v", low, high, ok)
	}
}
