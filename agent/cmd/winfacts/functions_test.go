package main

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/shared/check"
)

// disks answers with letters and nothing else.
type disks struct {
	fakeWindows

	rows []winapi.Row
}

func (d *disks) query(context.Context, *query) ([]winapi.Row, error) { return d.rows, nil }

func TestLettersThatDoNotCountAreCapturedToo(t *testing.T) {
	d := &disks{rows: []winapi.Row{
		{{Text: "C:"}, {Text: "3"}, {Text: "100"}, {Text: "40"}},
		{{Text: "E:"}, {Text: "3"}, {Text: "50"}, {Text: "1"}},
		{{Text: "Z:"}, {Text: "4"}, {Text: "9"}, {Text: "9"}},
	}}
	f := &fixture{redact: newRedactor(nil)}
	c := &capture{windows: &windows{instances: d}, redact: f.redact}
	c.drives(context.Background(), f, check.Facts{{Name: check.FactVolume, Value: "100 40 C:"}})
	want := []string{"drive C: Kind=3;Total=100;Free=40", "drive E: Kind=3;Bus=7;Total=50;Free=1", "drive Z: Kind=4"}
	if !slices.Equal(f.body, want) {
		t.Errorf("the letters are %q; want %q", f.body, want)
	}
}

func TestTimeServersAreCapturedWithoutTheirNames(t *testing.T) {
	q := &query{fact: "offset"}
	names := check.Facts{
		{Name: check.FactTimeDomain, Value: "praxis.local"},
		{Name: check.FactTimeServer, Value: "dc1.praxis.local,0x8 time.windows.com,0x9"},
	}
	for _, c := range []struct {
		name string
		fact check.Fact
		want []string
	}{
		{
			"the last answers",
			check.Fact{Name: "offset", Value: "Server=time.windows.com:123;Ms=3;Stratum=4"},
			[]string{"api SNTP domain1.example:123 ! 10060", "api SNTP dc1.domain1.example:123 ! 10060", "api SNTP time.windows.com:123 Server=time.windows.com:123;Ms=3;Stratum=4"},
		},
		{
			"the domain answers",
			check.Fact{Name: "offset", Value: "Server=praxis.local:123;Ms=3;Stratum=4"},
			[]string{"api SNTP dc1.domain1.example:123 ! 10060", "api SNTP time.windows.com:123 ! 10060", "api SNTP domain1.example:123 Server=domain1.example:123;Ms=3;Stratum=4"},
		},
		{
			"nobody answers",
			check.Fact{Name: "offset_error", Value: "code 11001"},
			[]string{"api SNTP domain1.example:123 ! 11001", "api SNTP dc1.domain1.example:123 ! 11001", "api SNTP time.windows.com:123 ! 11001"},
		},
	} {
		f := &fixture{redact: newRedactor([]name{{"DOMAIN", "praxis.local"}})}
		(&capture{redact: f.redact}).servers(f, q, append(slices.Clone(names), c.fact))
		if !slices.Equal(f.body, c.want) {
			t.Errorf("%s: %q; want %q", c.name, f.body, c.want)
		}
		if strings.Contains(f.String(), "praxis") {
			t.Errorf("%s: a name stayed", c.name)
		}
	}
}
