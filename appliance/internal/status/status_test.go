package status_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/status"
)

type source struct {
	n     status.Numbers
	err   error
	loops status.Loops
}

func (s source) Numbers(context.Context) (status.Numbers, error) { return s.n, s.err }

func get(t *testing.T, s source, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	status.New("1.2.3", s, s.loops, slog.New(slog.DiscardHandler)).
		ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
	return w
}

func TestHealthSaysWhatIsTrue(t *testing.T) {
	w := get(t, source{n: status.Numbers{Sessions: 3, Waiting: 2, Away: true}}, "/healthz")
	var out map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	if w.Code != 200 || out["status"] != "ok" || out["version"] != "1.2.3" || out["sessions"] != 3.0 || out["central_away"] != true {
		t.Errorf("healthz = %d %v; want ok: Central away is not ill health", w.Code, out)
	}
	w = get(t, source{n: status.Numbers{EvidenceRefused: "entry 3: odd", CheckInRefused: "it is retired"}}, "/healthz")
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"evidence_refused":"entry 3: odd"`) || !strings.Contains(w.Body.String(), `"check_in_refused":"it is retired"`) {
		t.Errorf("healthz while central refuses = %d %s; want 200 with what it said", w.Code, w.Body)
	}
	w = get(t, source{n: status.Numbers{Unwritten: "database or disk is full (13)"}}, "/healthz")
	if w.Code != 503 || !strings.Contains(w.Body.String(), `"status":"evidence cannot be written"`) || !strings.Contains(w.Body.String(), "disk is full") {
		t.Errorf("healthz on a full disk = %d %s; want 503 with the reason", w.Code, w.Body)
	}
	if body := get(t, source{n: status.Numbers{Unwritten: "x"}}, "/metrics").Body.String(); !strings.Contains(body, "osiris_appliance_store_failing 1") {
		t.Error("metrics on a full disk lack store_failing")
	}
	w = get(t, source{err: errors.New("disk I/O error")}, "/healthz")
	if w.Code != 503 || strings.Contains(w.Body.String(), "disk I/O") {
		t.Errorf("healthz of a broken store = %d %s; want 503 without insides", w.Code, w.Body)
	}
}

func TestMetrics(t *testing.T) {
	body := get(t, source{n: status.Numbers{Sessions: 3, DisksFull: 1, Logged: 10, Witnessed: 8, Away: true, EvidenceRefused: "x"}}, "/metrics").Body.String()
	for _, want := range []string{"osiris_appliance_sessions 3", "osiris_appliance_agents_disk_full 1", "osiris_appliance_evidence_logged 10", "osiris_appliance_evidence_witnessed 8", "osiris_appliance_central_away 1", "osiris_appliance_evidence_refused 1", "osiris_appliance_check_in_refused 0", "go_goroutines"} {
		if !strings.Contains(body, want) {
			t.Errorf("metrics lack %q", want)
		}
	}
	l := loop{Loop: "windows", Interval: time.Minute, Since: time.Now()}
	w := get(t, source{err: errors.New("x"), loops: status.Loops{l}}, "/metrics")
	body = w.Body.String()
	if w.Code != 200 || !strings.Contains(body, "osiris_appliance_store_failing 1") || !strings.Contains(body, "osiris_scan_stands_still") {
		t.Errorf("metrics of a broken store = %d; want the loops and that the store fails", w.Code)
	}
	if strings.Contains(body, "osiris_appliance_open_incidents") {
		t.Error("metrics of a broken store have numbers that nobody read")
	}
}
