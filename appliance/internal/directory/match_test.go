package directory_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/directory"
	"github.com/osiriscare/osiris/appliance/internal/discover"
)

func TestMatch(t *testing.T) {
	w := newWorld(t)
	dc, gone, long := ws(2), ws(3), ws(4)
	dc.Kind, dc.SID = discover.DC, "S-1-5-21-1-2-3-1000"
	long.Name, long.Account, long.DNSName = "RECEPTION-DESK-0001", "RECEPTION-DESK-", "reception-desk-0001.clinic.lan"
	w.computers = []discover.Computer{ws(1), dc, gone, long, ws(5), ws(6)}
	w.computers[5].DNSName = "ws05.clinic.lan"
	w.must()
	w.full, w.computers, w.gone = false, nil, []discover.Gone{{GUID: guid(3), Reason: discover.Disabled}}
	w.must()
	const braced = "{00000000-0000-0000-0000-000000000001}"
	for _, c := range []struct {
		name  string
		claim directory.Claim
		want  directory.Result
	}{
		{"its objectGUID and its short name", directory.Claim{Hostname: "ws01", ObjectGUID: string(guid(1))}, directory.Matched},
		{"as Windows prints it", directory.Claim{Hostname: "WS01", Domain: "Clinic.LAN.", ObjectGUID: braced}, directory.Matched},
		{"without dashes", directory.Claim{Hostname: "WS01", Domain: "CLINIC", ObjectGUID: "00000000000000000000000000000001"}, directory.Matched},
		{"its full name", directory.Claim{Hostname: "ws01.clinic.lan", ObjectGUID: string(guid(1))}, directory.Matched},
		{"a name that Windows cut", directory.Claim{Hostname: "RECEPTION-DESK-", ObjectGUID: string(guid(4))}, directory.Matched},
		{"a controller with the domain's SID", directory.Claim{Hostname: "ws02", ObjectGUID: string(guid(2)), MachineSID: "S-1-5-21-1-2-3"}, directory.Matched},
		{"a controller with another SID", directory.Claim{Hostname: "ws02", ObjectGUID: string(guid(2)), MachineSID: "S-1-5-21-9-9-9"}, directory.Conflict},
		{"a computer with a SID of its own", directory.Claim{Hostname: "ws01", ObjectGUID: string(guid(1)), MachineSID: "S-1-5-21-9-9-9"}, directory.Matched},
		{"a computer with another one's account", directory.Claim{Hostname: "ws01", ObjectGUID: string(guid(1)), MachineSID: "S-1-5-21-1-2-3-1005"}, directory.Conflict},
		{"another computer's objectGUID", directory.Claim{Hostname: "ws01", ObjectGUID: string(guid(5))}, directory.Conflict},
		{"another domain", directory.Claim{Hostname: "ws01", Domain: "evil.lan", ObjectGUID: string(guid(1))}, directory.Conflict},
		{"no name", directory.Claim{ObjectGUID: string(guid(1))}, directory.Conflict},
		{"an unknown objectGUID, whatever its name", directory.Claim{Hostname: "ws01", ObjectGUID: string(guid(99))}, directory.NoMatch},
		{"a disabled computer", directory.Claim{Hostname: "ws03", ObjectGUID: string(guid(3))}, directory.NoMatch},
		{"a disabled computer's name", directory.Claim{Hostname: "ws03"}, directory.NoMatch},
		{"its name alone", directory.Claim{Hostname: "ws01"}, directory.Named},
		{"its name and domain", directory.Claim{Hostname: "ws01", Domain: "clinic.lan"}, directory.Named},
		{"a name of another domain", directory.Claim{Hostname: "ws01", Domain: "evil.lan"}, directory.NoMatch},
		{"a name that two have", directory.Claim{Hostname: "ws05"}, directory.Conflict},
		{"nothing", directory.Claim{}, directory.NoMatch},
		{"what is no objectGUID", directory.Claim{Hostname: "ws01", ObjectGUID: "00000000-0000-0000-0000-00000000000g"}, directory.Named},
	} {
		if got := w.book.Match(c.claim, time.Now()); got != c.want {
			t.Errorf("%s: Match(%+v) = %s; want %s", c.name, c.claim, got, c.want)
		}
	}
	for result, want := range map[directory.Result]bool{
		directory.None: true, directory.Matched: true, directory.Named: true, directory.Conflict: false, directory.NoMatch: false, directory.Unknown: false,
	} {
		if result.Confirms() != want {
			t.Errorf("%q.Confirms() = %t", result, !want)
		}
	}
}

func TestWhatIsNotInAnOldListingIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		claim := directory.Claim{Hostname: "ws09", ObjectGUID: string(guid(9))}
		match := func(want directory.Result, when string) {
			t.Helper()
			if got := w.book.Match(claim, time.Now()); got != want {
				t.Errorf("%s: %q; want %q", when, got, want)
			}
		}
		match(directory.None, "without a domain")
		w.err = discover.ErrUnreachable
		_ = w.round()
		match(directory.Unknown, "before the first listing")
		w.err, w.computers = nil, []discover.Computer{ws(1)}
		w.must()
		match(directory.NoMatch, "after it")
		w.err = discover.ErrUnreachable
		time.Sleep(27 * time.Hour)
		_ = w.round()
		match(directory.Unknown, "a day after it")
		w.domains = nil
		w.must()
		match(directory.None, "without a domain again")
		_ = w.st.Close()
	})
}

func TestPresence(t *testing.T) {
	w := newWorld(t)
	w.computers = []discover.Computer{ws(1), ws(2), ws(3), ws(4), ws(5), ws(6)}
	w.computers[5].DNSName = "ws05.other.lan"
	w.must()
	present := w.book.Presence([]directory.Agent{
		{Hostname: "renamed", ObjectGUID: string(guid(1)), Live: true},
		{Hostname: "ws02", ObjectGUID: string(guid(9)), Live: true}, // says that it is another computer
		{Hostname: "WS03", Live: true},
		{Hostname: "ws04", Domain: "clinic.lan"},
		{Hostname: "ws05"}, // which of two?
	})
	want := map[string]directory.Presence{
		"WS01": directory.Live, "WS02": directory.Absent, "WS03": directory.Live, "WS04": directory.Enrolled, "WS05": directory.Absent, "WS06": directory.Absent,
	}
	all := w.book.Computers()
	for i := range all {
		if got := present(&all[i]); got != want[all[i].Name] {
			t.Errorf("%s has %d; want %d", all[i].Name, got, want[all[i].Name])
		}
	}
	twice := w.book.Presence([]directory.Agent{{Hostname: "ws03", Live: true}, {Hostname: "ws03"}})
	if got := twice(&all[2]); got != directory.Absent {
		t.Errorf("of two agents with one name it is %d", got)
	}
}
