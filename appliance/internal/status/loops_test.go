package status_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/appliance/internal/scan"
	"github.com/osiriscare/osiris/appliance/internal/status"
)

// loop is one that goes as the test says.
type loop scan.Round

func (l loop) Round() scan.Round { return scan.Round(l) }

func TestADeadHostIsNotIllHealthAndALoopThatStandsStillIs(t *testing.T) {
	now := time.Now()
	windows := loop{
		Loop: "windows", Interval: 5 * time.Minute, Since: now.Add(-time.Hour), Began: now.Add(-14 * time.Minute), Rounds: 9, Missed: 2, MissedAll: 4,
		Counts: map[string]int{"targets": 3, "failed": 3},
	}
	directory := loop{Loop: "directory", Interval: time.Hour, Since: now.Add(-2 * time.Hour), Began: now.Add(-time.Hour), Ended: now.Add(-time.Hour + 2*time.Second), Failed: 1, Error: "no controller answers"}
	off := loop{Loop: "linux", Interval: time.Minute}
	w := get(t, source{loops: status.Loops{windows, off, directory}}, "/healthz")
	var out struct {
		Status string           `json:"status"`
		Loops  []map[string]any `json:"loops"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	if w.Code != 200 || out.Status != "ok" || len(out.Loops) != 2 {
		t.Fatalf("healthz beside dead hosts = %d %s; want 200 and two loops", w.Code, w.Body)
	}
	got := out.Loops[0]
	delete(got, "began")
	delete(got, "ended")
	want := map[string]any{
		"loop": "directory", "interval_s": 3600.0, "took_ms": 2000.0, "rounds": 0.0, "missed": 0.0, "missed_all": 0.0, "scans_missed_all": 0.0, "failed": 1.0,
		"error": "no controller answers", "stands_still": false,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the directory's loop (-want +got):\n%s", diff)
	}
	windows.Began = now.Add(-16 * time.Minute)
	w = get(t, source{loops: status.Loops{windows, off, directory}}, "/healthz")
	if w.Code != 503 || !strings.Contains(w.Body.String(), `"status":"standing still: windows"`) {
		t.Errorf("healthz of a loop that stands still = %d %s; want 503 that names it", w.Code, w.Body)
	}
	windows.Began, windows.Since = time.Time{}, now.Add(-14*time.Minute)
	if w = get(t, source{loops: status.Loops{windows}}, "/healthz"); w.Code != 200 {
		t.Errorf("healthz of a loop that has just begun = %d %s; want 200", w.Code, w.Body)
	}
}

func TestAnErrorIsShownInPart(t *testing.T) {
	l := loop{Loop: "directory", Interval: time.Hour, Since: time.Now(), Error: strings.Repeat("é", 5000)}
	body := get(t, source{loops: status.Loops{l}}, "/healthz").Body.String()
	if len(body) > 2000 || !strings.Contains(body, `é..."`) {
		t.Errorf("healthz has %d bytes: %.400s", len(body), body)
	}
}

func TestMetricsOfLoopsNameNoHost(t *testing.T) {
	now := time.Now()
	body := get(t, source{loops: status.Loops{
		loop{Loop: "workstation", Interval: 10 * time.Minute, Since: now, Began: time.Unix(1800000000, 0), Rounds: 7, MissedAll: 2, ScansMissed: 5, Failed: 1, Counts: map[string]int{"answered": 11, "failed": 1}},
		loop{Loop: "linux", Interval: time.Minute},
	}}, "/metrics").Body.String()
	for _, want := range []string{
		`osiris_scan_interval_seconds{cycle="workstation"} 600`, `osiris_scan_began_timestamp_seconds{cycle="workstation"} 1.8e+09`,
		`osiris_scan_ended_timestamp_seconds{cycle="workstation"} 0`, `osiris_scan_rounds_total{cycle="workstation"} 7`,
		`osiris_scan_missed_rounds_total{cycle="workstation"} 2`, `osiris_scan_missed_scans_total{cycle="workstation"} 5`, `osiris_scan_failed_rounds_total{cycle="workstation"} 1`,
		`osiris_scan_stands_still{cycle="workstation"} 0`, `osiris_scan_hosts{cycle="workstation",state="answered"} 11`,
		`osiris_scan_hosts{cycle="workstation",state="failed"} 1`, "osiris_appliance_sessions 0",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("metrics lack %q", want)
		}
	}
	if strings.Contains(body, "linux") {
		t.Error("metrics have a loop that is off")
	}
}
