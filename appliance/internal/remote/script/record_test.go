package script

import "testing"

func TestAHostIsCalledByWhatPeopleKnow(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   Target
		want string
	}{
		{"its own name", Target{Host: "web01.clinic.lan", Label: "web"}, "web01.clinic.lan"},
		{"its certificate's name", Target{Host: "10.0.0.7", Name: "web01.clinic.lan", Label: "web"}, "web01.clinic.lan"},
		{"its target's name where it has an address alone", Target{Host: "10.0.0.7", Port: 2299, Label: "web01"}, "web01"},
		{"the same over IPv6", Target{Host: "fd00::7", Label: "web01"}, "web01"},
		{"its address where nobody named it", Target{Host: "10.0.0.7"}, "10.0.0.7"},
	} {
		if got := tt.in.Record().Hostname; got != tt.want {
			t.Errorf("%s: %q; want %q", tt.name, got, tt.want)
		}
	}
}
