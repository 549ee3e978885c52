package id_test

import (
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/id"
)

func TestNamesAreOpaqueAndTellTheirKind(t *testing.T) {
	a, b := id.New(id.Agent), id.New(id.Agent)
	if a == b || !id.Is(a, id.Agent) || id.Is(a, id.Host) {
		t.Fatalf("New gave %q and %q", a, b)
	}
	for _, bad := range []string{"", "ag_", "ag_short", "ag_" + "!!!!!!!!!!!!!!!!!!!!!!!!!!", a + "a"} {
		if id.Is(bad, id.Agent) {
			t.Errorf("Is(%q) = true", bad)
		}
	}
}
