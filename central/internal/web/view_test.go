package web

import (
	"testing"

	"github.com/osiriscare/osiris/shared/bundle"
)

func TestAGapIsOfReportsOrOfScans(t *testing.T) {
	for name, tt := range map[string]struct {
		gap  bundle.Gap
		want fact
	}{
		"reports have numbers":   {bundle.Gap{From: 3, To: 9, Count: 7, Reason: "queue full"}, fact{"Lost", "7 reports, numbers 3 to 9: queue full"}},
		"missed scans have none": {bundle.Gap{Count: 4, Reason: "the scan before still ran (4)"}, fact{"Missed", "4 scans or rounds: the scan before still ran (4)"}},
	} {
		if got := gapFact(&tt.gap); got != tt.want {
			t.Errorf("%s: %v; want %v", name, got, tt.want)
		}
	}
}
