package probe

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/check"
)

func TestTheServersThatWindowsFollows(t *testing.T) {
	for name, c := range map[string]struct {
		facts check.Facts
		want  []string
	}{
		"a member follows its domain": {
			check.Facts{{Name: "Type", Value: "NT5DS"}, {Name: "Domain", Value: "clinic.example"}, {Name: check.FactDomainRole, Value: "3"}, {Name: "NtpServer", Value: "a"}},
			[]string{"clinic.example:123"},
		},
		"a controller does not ask itself": {
			check.Facts{{Name: "Type", Value: "NT5DS"}, {Name: "Domain", Value: "clinic.example"}, {Name: check.FactDomainRole, Value: "5"}}, nil,
		},
		"a list with flags": {
			check.Facts{{Name: "Type", Value: "NTP"}, {Name: "NtpServer", Value: "a,0x9  b c,0x1"}, {Name: "Domain", Value: "d"}, {Name: check.FactDomainRole, Value: "1"}},
			[]string{"a:123", "b:123", "c:123"},
		},
		"policy goes first": {
			check.Facts{{Name: "Type", Value: "NT5DS"}, {Name: "policy.Type", Value: "NTP"}, {Name: "NtpServer", Value: "a"}, {Name: "policy.NtpServer", Value: "b"}},
			[]string{"b:123"},
		},
		"both": {
			check.Facts{{Name: "Type", Value: "AllSync"}, {Name: "NtpServer", Value: "a"}, {Name: "Domain", Value: "d"}, {Name: check.FactDomainRole, Value: "1"}},
			[]string{"d:123", "a:123"},
		},
		"addresses of IPv6": {
			check.Facts{{Name: "Type", Value: "NTP"}, {Name: "NtpServer", Value: "2001:db8::1,0x8 192.0.2.1,0x8"}}, []string{"[2001:db8::1]:123", "192.0.2.1:123"},
		},
		"nobody": {check.Facts{{Name: "Type", Value: "NoSync"}, {Name: "NtpServer", Value: "a"}}, nil},
	} {
		if got := timeServers(c.facts); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q; want %q", name, got, c.want)
		}
	}
}

func TestFewServersAreAsked(t *testing.T) {
	var asked []string
	away := errors.New("away")
	ask := func(_ context.Context, server string) (string, error) {
		asked = append(asked, server)
		if server == "right:123" {
			return "Server=right:123", nil
		}
		return "", away
	}
	for _, c := range []struct {
		name           string
		servers, asked []string
		err            error
	}{
		{"an answer ends it", []string{"box:123", "right:123", "b:123"}, []string{"box:123", "right:123"}, nil},
		{"four are too many", []string{"a:123", "b:123", "c:123", "d:123"}, []string{"a:123", "b:123", "c:123"}, away},
		{"nobody", nil, nil, errNoServer},
	} {
		asked = nil
		var facts check.Facts
		err := askFirst(context.Background(), &facts, "offset", c.servers, ask)
		if !errors.Is(err, c.err) || !slices.Equal(asked, c.asked) || (len(facts) == 1) != (c.err == nil) {
			t.Errorf("%s: asked %q, facts %q, %v; want %q, %v", c.name, asked, facts, err, c.asked, c.err)
		}
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if asked = nil; askFirst(ended, new(check.Facts), "offset", []string{"a:123"}, ask) == nil || asked != nil {
		t.Errorf("after the end it asked %q", asked)
	}
}

// clock is an appliance's that is known, or not.
type clock struct {
	ms    int64
	known bool
}

func (c clock) Behind() (int64, bool) { return c.ms, c.known }

func TestTheAppliancesClockGoesBeforeEveryServer(t *testing.T) {
	for name, c := range map[string]struct {
		clock Clock
		want  check.Status
		says  string
	}{
		"right":          {clock{400, true}, check.Pass, ""},
		"behind":         {clock{7_200_000, true}, check.Fail, "compared with the appliance"},
		"ahead":          {clock{-70_000, true}, check.Fail, "off by 50 s or more"},
		"not told":       {clock{7_200_000, false}, check.Pass, ""},
		"no appliance":   {nil, check.Pass, ""},
		"a little ahead": {clock{-4999, true}, check.Pass, ""},
	} {
		facts := check.Facts{{Name: check.FactClockUnsynchronised, Value: "no"}}
		added := addOffset(&facts, check.FactClockOffset, c.clock)
		v := check.Judge(check.TimeSync, facts, nil)
		if v.Status != c.want || !strings.Contains(v.Actual+" "+v.Reason, c.says) || added != (len(facts) == 2) {
			t.Errorf("%s: %v, %q %q, added %v; want %v saying %q", name, v.Status, v.Actual, v.Reason, added, c.want, c.says)
		}
	}
}
