package script

import (
	"fmt"
	"net"
	"testing"
)

func TestKDCsOutsideOfTheirRealmAreNotAsked(t *testing.T) {
	got := inside("CLINIC.LAN", []*net.SRV{
		{Target: "dc1.clinic.lan.", Port: 88}, {Target: "kdc.evil.example.", Port: 88}, {Target: "evilclinic.lan.", Port: 88}, {Target: "DC2.Clinic.LAN.", Port: 1088},
	})
	if want := "[dc1.clinic.lan:88 dc2.clinic.lan:1088]"; fmt.Sprint(got) != want {
		t.Errorf("inside = %v; want %s", got, want)
	}
}
