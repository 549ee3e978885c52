package scan

import (
	"strings"
	"testing"
	"time"
)

func TestOneIsCountedInTheSingular(t *testing.T) {
	m := &missing{rounds: 0, scans: 1, hosts: map[string]int{"ws01": 1}, why: map[string]int{whyBusy: 1}}
	if got, want := m.bundle("workstation", time.Unix(60, 0)).Summary, "were 0 rounds and 1 scan of 1 host: "; !strings.Contains(got, want) {
		t.Errorf("a gap of one is told as %q; want %q", got, want)
	}
}
