package directory_test

import (
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/directory"
	"github.com/osiriscare/osiris/appliance/internal/discover"
)

func TestAComputerWithTheNameOfOneThatIsLeftAloneIsNotScanned(t *testing.T) {
	w := newWorld(t)
	scanned := func(what, want string) {
		t.Helper()
		var got []string
		for _, c := range w.book.Scannable(&w.domains[0]) {
			got = append(got, c.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: scanned are %v; want %s", what, got, want)
		}
	}
	device := discover.Gone{GUID: guid(50), Name: "MRI01", DNSName: "mri01.clinic.lan", Reason: discover.OutOfScope}
	rogue := ws(51)
	rogue.DNSName = device.DNSName
	w.computers, w.gone = []discover.Computer{ws(1), rogue}, []discover.Gone{device}
	w.must()
	scanned("with the device's name", "WS01")
	w.reopen()
	scanned("after a restart", "WS01")
	w.full, w.computers, w.gone = false, []discover.Computer{ws(2)}, nil
	w.must()
	scanned("after changes", "WS01 WS02")
	w.gone = []discover.Gone{{GUID: device.GUID, Name: "MRI02", DNSName: "mri02.clinic.lan", Reason: discover.OutOfScope}}
	w.must()
	scanned("once the device has another name", "WS01 WS02 WS51")
	w.gone = []discover.Gone{device}
	w.must()
	scanned("and its own again", "WS01 WS02")
	w.full, w.computers, w.gone = true, []discover.Computer{ws(1), rogue}, nil
	w.must()
	w.reopen()
	scanned("once there is no such device", "WS01 WS51")
}

func TestAComputerThatTwoDomainsSayIsTheirsIsScannedByNone(t *testing.T) {
	w := newWorld(t)
	w.computers = []discover.Computer{ws(1), ws(2)}
	w.must()
	w.domains = append(w.domains,
		directory.Domain{ID: "t_2", Name: "again", Domain: "clinic.lan", Server: "dc1.clinic.lan", Credential: "ldap"},
		directory.Domain{ID: "t_3", Name: "other", Domain: "other.lan", Server: "dc1.clinic.lan", Credential: "ldap"})
	w.must()
	claim := directory.Claim{Hostname: "WS01", Domain: "clinic.lan", ObjectGUID: string(guid(1))}
	if got := len(w.book.Scannable(&w.domains[0])) + len(w.book.Scannable(&w.domains[2])); got != 0 || w.book.Match(claim, time.Now()) != directory.Conflict {
		t.Errorf("%d are scanned, and one is %s; want none, and a conflict", got, w.book.Match(claim, time.Now()))
	}
	w.domains = w.domains[:2]
	w.must()
	if a, b := len(w.book.Scannable(&w.domains[0])), len(w.book.Scannable(&w.domains[1])); a != 2 || b != 2 || w.book.Match(claim, time.Now()) != directory.Matched {
		t.Errorf("with one domain that is read twice %d and %d are scanned, and one is %s; want 2, 2, matched", a, b, w.book.Match(claim, time.Now()))
	}
}
