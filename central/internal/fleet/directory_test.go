package fleet

import (
	"testing"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

func TestOneOfAComputersReportsIsShown(t *testing.T) {
	for _, c := range []struct {
		name          string
		newest, older *centralv1.DirectoryComputer
		gone, watched string
	}{
		{"the newest's", &centralv1.DirectoryComputer{Gone: "disabled"}, &centralv1.DirectoryComputer{Watched: "scan"}, "disabled", "scan"},
		{"who watches it, from any", &centralv1.DirectoryComputer{}, &centralv1.DirectoryComputer{Watched: "agent"}, "", "agent"},
		{"its own watcher first", &centralv1.DirectoryComputer{Watched: "target"}, &centralv1.DirectoryComputer{Watched: "agent"}, "", "target"},
		{"where it is in scope", &centralv1.DirectoryComputer{Gone: "out_of_scope"}, &centralv1.DirectoryComputer{Watched: "scan"}, "", "scan"},
		{"where it is in scope, watched elsewhere", &centralv1.DirectoryComputer{Gone: "out_of_scope", Watched: "agent"}, &centralv1.DirectoryComputer{}, "", "agent"},
	} {
		found := map[string]*centralv1.DirectoryComputer{}
		merge(found, c.newest)
		merge(found, c.older)
		if got := found[""]; got.GetGone() != c.gone || got.GetWatched() != c.watched {
			t.Errorf("%s: %q, watched by %q; want %q, %q", c.name, got.GetGone(), got.GetWatched(), c.gone, c.watched)
		}
	}
}
