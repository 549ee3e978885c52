package script_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/clock"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// kept are facts of a Windows host whose clock is kept, as far as it knows.
var kept = check.Facts{
	{Name: "host.domain_role", Value: "1"},
	{Name: "service", Value: "Name=W32Time;State=4;Start=2;Delayed=0;Trigger=0"},
	{Name: "Type", Value: "NTP"},
}

func TestAHostsClockIsComparedWithOurs(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		ahead, took time.Duration
		facts       check.Facts
		parameters  map[string]string
		want        check.Status
		word        string // of the reason
	}{
		"it is right":                                 {0, time.Second, kept, nil, check.Pass, "The clock is right"},
		"it is ahead by minutes":                      {10 * time.Minute, time.Second, kept, nil, check.Fail, "compared with this appliance"},
		"it is behind by minutes":                     {-10 * time.Minute, time.Second, kept, nil, check.Fail, "compared with this appliance"},
		"it is behind by 20 s":                        {-20 * time.Second, time.Second, kept, nil, check.Fail, "compared with this appliance"},
		"the host was too slow to tell":               {0, 30 * time.Second, kept, nil, check.Unknown, "nothing shows"},
		"slow, but wrong all the same":                {time.Hour, 30 * time.Second, kept, nil, check.Fail, "compared with this appliance"},
		"slow, and the site is content with a minute": {0, 30 * time.Second, kept, map[string]string{"warn_seconds": "60"}, check.Pass, "The clock is right"},
		"the facts could not be read":                 {0, time.Second, check.Facts{{Name: check.FactError, Value: "denied"}}, nil, check.Unknown, "denied"},
	} {
		reply := &runbook.Reply{
			Clock:    &runbook.Clock{UTC: now.Add(c.ahead), Step: time.Millisecond},
			Exchange: runbook.Exchange{Sent: now.Add(-c.took), Received: now},
			Parts:    []runbook.Outcome{{Name: string(check.TimeSync), OK: true, Facts: c.facts}},
		}
		policy := func(check.ID) check.Parameters {
			return func(name string) (string, bool) { v, ok := c.parameters[name]; return v, ok }
		}
		v := script.Judge(reply, []check.ID{check.TimeSync}, policy)[0]
		row, _ := v.Facts.Get(check.FactClockOffset)
		if measured := v.Status != check.Unknown; strings.Contains(row, ";From=") != measured || strings.Contains(row, ";To=") != measured {
			t.Errorf("%s: the evidence is %q; want what was measured", name, row)
		}
		if v.Status != c.want || !strings.Contains(v.Reason, c.word) {
			t.Errorf("%s: %s, %s; want %s, %q", name, v.Status, v.Reason, c.want, c.word)
		}
	}
}

// own is the appliance's clock.
type own struct{ reading *clock.Reading }

func (o own) Reading() *clock.Reading { return o.reading }

// one is a road that answers.
type one struct{}

func (one) Run(context.Context, script.Target, *runbook.Document, bool) (*runbook.Reply, error) {
	now := time.Now()
	return &runbook.Reply{Clock: &runbook.Clock{UTC: now}, Exchange: runbook.Exchange{Sent: now, Received: now}}, nil
}

func TestNobodysClockIsComparedWithOneThatIsNotKept(t *testing.T) {
	for name, c := range map[string]struct {
		reading *clock.Reading
		want    bool
	}{
		"kept":                      {&clock.Reading{Synchronised: true, MaxErrorMs: 250}, true},
		"kept, but to be corrected": {&clock.Reading{Synchronised: true, MaxErrorMs: 50, OffsetMs: -200}, true},
		"not kept":                  {&clock.Reading{MaxErrorMs: 16000}, false},
		"not measured":              {nil, false},
	} {
		reply, err := script.Timed{Road: one{}, Clock: own{c.reading}}.Run(t.Context(), script.Target{}, nil, true)
		if err != nil {
			t.Fatal(err)
		}
		low, high, ok := reply.Offset()
		if ok != c.want || ok && (low != -250*time.Millisecond || high != 250*time.Millisecond) {
			t.Errorf("%s: Offset = %s to %s, %v; want %v", name, low, high, ok, c.want)
		}
	}
}
