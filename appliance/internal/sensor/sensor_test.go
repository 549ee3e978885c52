package sensor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/sensor"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

// The example that deployed sensors are compatible with, byte for byte.
const example = `{
    "hostname": "WORKSTATION01",
    "domain": "NORTHVALLEY.LOCAL",
    "drift_type": "firewall_disabled",
    "severity": "critical",
    "details": {"disabled_profiles": ["Domain", "Private"]},
    "check_id": "RB-WIN-FIREWALL-001",
    "detected_at": "2026-01-15T10:30:00Z",
    "sensor_version": "1.0.0"
}`

// taken is an intake that remembers, and fails when told to.
type taken struct {
	mu     sync.Mutex
	events []drift.Event
	hosts  []host.Host
	next   error
	block  chan struct{}
}

func (f *taken) Observe(_ context.Context, h *host.Host, e *drift.Event) error {
	if f.block != nil {
		<-f.block
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events, f.hosts = append(f.events, *e), append(f.hosts, *h)
	return f.next
}

func start(t *testing.T) (*sensor.API, *taken) {
	t.Helper()
	a, in, _ := begin(t)
	return a, in
}

func begin(t *testing.T) (*sensor.API, *taken, *host.Registry) {
	t.Helper()
	st, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "state.db"), host.Schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	hosts, err := host.New(context.Background(), st)
	if err != nil {
		t.Fatal(err)
	}
	in := &taken{}
	return sensor.New("s_1", "1.2.3", in, hosts, slog.New(slog.DiscardHandler)), in, hosts
}

// ask sends a request from an address and returns the answer.
func ask(t *testing.T, a http.Handler, from, method, path, body string) (int, http.Header, map[string]any) {
	t.Helper()
	r := httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body))
	r.RemoteAddr = from + ":1"
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	var out map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatalf("%s %s answered %d with %q, which is not JSON", method, path, w.Code, w.Body)
	}
	return w.Code, w.Header(), out
}

func TestTheSeedsExampleIsTaken(t *testing.T) {
	a, in := start(t)
	code, _, out := ask(t, a, "10.0.0.1", "POST", "/api/sensor/drift", example)
	want := map[string]any{
		"status": "received", "healing_queued": true, "event_id": "WORKSTATION01-firewall_disabled-2026-01-15T10:30:00Z",
	}
	if diff := cmp.Diff(want, out); code != 200 || diff != "" {
		t.Errorf("answer = %d (-want +got):\n%s", code, diff)
	}
	if len(in.events) != 1 {
		t.Fatalf("%d events; want 1", len(in.events))
	}
	e, h := in.events[0], in.hosts[0]
	if e.Verdict.Check != "firewall" || e.Verdict.Status != check.Fail || !e.Asserted || e.Source != drift.SourceSensor {
		t.Errorf("event = %+v; want an asserted failure of firewall", e)
	}
	if h.Hostname != "WORKSTATION01" || h.Domain != "NORTHVALLEY.LOCAL" || h.Source != host.SourceSensor || h.AgentID != "" {
		t.Errorf("host = %+v; want a record of its own", h)
	}
}

func TestHeartbeatStatusPollingAndHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := start(t)
		beat := `{"hostname":"WS1","domain":"X.LOCAL","sensor_version":"1.0.0","timestamp":"2026-01-15T10:30:00.1234567Z","drift_count":3,"has_critical":true,"compliant":false,"uptime_seconds":null,"extra":1}`
		code, _, out := ask(t, a, "10.0.0.1", "POST", "/api/sensor/heartbeat", beat)
		if _, err := time.Parse(time.RFC3339Nano, fmt.Sprint(out["server_time"])); err != nil || code != 200 {
			t.Errorf("server_time %v, %d", out["server_time"], code)
		}
		delete(out, "server_time")
		if diff := cmp.Diff(map[string]any{"status": "ok", "mode": "sensor", "next_heartbeat_in": 60.0}, out); diff != "" {
			t.Errorf("heartbeat (-want +got):\n%s", diff)
		}
		time.Sleep(30 * time.Second)
		_, _, out = ask(t, a, "10.0.0.1", "GET", "/api/sensor/status", "")
		last := out["sensors"].([]any)[0].(map[string]any)["last_heartbeat"]
		want := map[string]any{"total": 1.0, "active": 1.0, "sensor_timeout_seconds": 120.0, "sensors": []any{map[string]any{
			"hostname": "WS1", "domain": "X.LOCAL", "sensor_version": "1.0.0", "last_heartbeat": last, "age_seconds": 30.0,
			"active": true, "compliant": false, "drift_count": 3.0, "mode": "sensor",
		}}}
		if diff := cmp.Diff(want, out); diff != "" {
			t.Errorf("status (-want +got):\n%s", diff)
		}
		polling := func(want map[string]any) {
			t.Helper()
			_, _, out := ask(t, a, "10.0.0.1", "GET", "/api/sensor/hosts/polling?all_hosts=ws1,ws1.x.local,%20WS10%20,,WS2", "")
			if diff := cmp.Diff(want, out); diff != "" {
				t.Errorf("polling (-want +got):\n%s", diff)
			}
		}
		polling(map[string]any{
			"total_hosts": 4.0, "sensor_hosts": 1.0, "sensor_hostnames": []any{"WS1"}, "polling_hosts": []any{"WS10", "WS2"}, "polling_count": 2.0,
		})
		time.Sleep(89*time.Second + 999*time.Millisecond)
		ask(t, a, "10.0.0.1", "POST", "/api/sensor/resolved", `{"hostname":"ws1","drift_type":"smbv1_enabled","resolved_at":"2026-01-15T10:30:00Z","resolved_by":"external"}`)
		time.Sleep(119 * time.Second)
		if _, _, out := ask(t, a, "10.0.0.1", "GET", "/api/sensor/status", ""); out["active"] != 1.0 {
			t.Errorf("active = %v; want 1: a resolution refreshes liveness", out["active"])
		}
		time.Sleep(time.Second)
		if _, _, out := ask(t, a, "10.0.0.1", "GET", "/api/sensor/status", ""); out["active"] != 0.0 || out["total"] != 1.0 {
			t.Errorf("status = %v; want the sensor inactive after 120 s", out)
		}
		polling(map[string]any{
			"total_hosts": 4.0, "sensor_hosts": 0.0, "sensor_hostnames": []any{},
			"polling_hosts": []any{"ws1", "ws1.x.local", "WS10", "WS2"}, "polling_count": 4.0,
		})
		if _, _, out := ask(t, a, "10.0.0.1", "GET", "/health", ""); out["version"] != "1.2.3" || out["status"] == "" {
			t.Errorf("health = %v", out)
		}
	})
}

func TestAResolutionFindsItsSensorByName(t *testing.T) {
	a, in := start(t)
	ask(t, a, "10.0.0.1", "POST", "/api/sensor/drift", example)
	code, _, out := ask(t, a, "10.0.0.1", "POST", "/api/sensor/resolved", `{"hostname":"workstation01","drift_type":"firewall_disabled","resolved_at":"2026-01-15T11:00:00Z"}`)
	if code != 200 || out["status"] != "acknowledged" {
		t.Fatalf("resolved = %d %v; want acknowledged", code, out)
	}
	if in.hosts[0].ID != in.hosts[1].ID || in.events[1].Verdict.Status != check.Pass {
		t.Errorf("the resolution went to %+v; want the host of the drift", in.hosts[1])
	}
	ask(t, a, "10.0.0.1", "POST", "/api/sensor/drift", strings.Replace(example, "NORTHVALLEY", "OTHER", 1))
	code, _, out = ask(t, a, "10.0.0.1", "POST", "/api/sensor/resolved", `{"hostname":"WORKSTATION01","drift_type":"firewall_disabled"}`)
	if code != http.StatusConflict || len(in.events) != 3 {
		t.Errorf("a resolution for one of two hosts of a name = %d %v; want 409 and no event", code, out)
	}
}

func TestBadRequestsGetAClearJSONError(t *testing.T) {
	a, in := start(t)
	for i, test := range []struct {
		name, method, path, body string
		code                     int
		says                     string
	}{
		{"malformed JSON", "POST", "/api/sensor/drift", `{"hostname":`, 400, "malformed"},
		{"no object", "POST", "/api/sensor/drift", `[]`, 400, "malformed"},
		{"an empty body", "POST", "/api/sensor/drift", ``, 400, "malformed"},
		{"a wrong severity", "POST", "/api/sensor/drift", strings.Replace(example, "critical", "awful", 1), 400, "severity"},
		{"an oversized body", "POST", "/api/sensor/drift", `{"x":"` + strings.Repeat("x", 70<<10) + `"}`, 413, "large"},
		{"an oversized detail", "POST", "/api/sensor/drift", strings.Replace(example, `["Domain", "Private"]`, `"`+strings.Repeat("x", 5000)+`"`, 1), 413, "limit"},
		{"a heartbeat without a name", "POST", "/api/sensor/heartbeat", `{}`, 400, "hostname is empty"},
		{"a heartbeat with a control character", "POST", "/api/sensor/heartbeat", `{"hostname":"a\u0007"}`, 400, "control"},
		{"a heartbeat with a text as number", "POST", "/api/sensor/heartbeat", `{"hostname":"a","drift_count":"1"}`, 400, "malformed"},
		{"a resolution without a type", "POST", "/api/sensor/resolved", `{"hostname":"a"}`, 400, "drift_type"},
		{"the wrong method", "GET", "/api/sensor/drift", ``, 405, "method"},
		{"a path there is not", "POST", "/api/sensor/nothing", `{}`, 404, "path"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, h, out := ask(t, a, fmt.Sprint("10.1.0.", i), test.method, test.path, test.body)
			if code != test.code || !strings.Contains(fmt.Sprint(out["error"]), test.says) || h.Get("Content-Type") != "application/json" {
				t.Errorf("answer = %d %v; want %d with an error saying %q", code, out, test.code, test.says)
			}
		})
	}
	if len(in.events) != 0 {
		t.Errorf("bad requests made %d events; want none", len(in.events))
	}
	if code, _, _ := ask(t, a, "10.0.0.9", "POST", "/api/sensor/drift", example); code != 200 {
		t.Errorf("a good request after the bad ones = %d; want 200", code)
	}
}

func TestAnUnknownDriftTypeIsTaken(t *testing.T) {
	a, in := start(t)
	code, _, _ := ask(t, a, "10.0.0.1", "POST", "/api/sensor/drift", strings.Replace(example, "firewall_disabled", "toaster_open", 1))
	if code != 200 || len(in.events) != 1 || in.events[0].Verdict.Known {
		t.Errorf("answer = %d, events %+v; want it stored as an unknown check", code, in.events)
	}
}

func TestAFailureInsideIsNotToldToStrangers(t *testing.T) {
	a, in := start(t)
	in.next = errors.New("disk /dev/sda1 is full")
	code, _, out := ask(t, a, "10.0.0.1", "POST", "/api/sensor/drift", example)
	if code != 500 || out["error"] != "internal error" {
		t.Errorf("answer = %d %v; want 500 and no word of the inside", code, out)
	}
}

func TestAFloodFromOneAddressIsSlowedDownAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := start(t)
		limited := 0
		for range 300 {
			code, h, _ := ask(t, a, "10.0.0.1", "GET", "/health", "")
			if code == http.StatusTooManyRequests {
				limited++
				if h.Get("Retry-After") == "" {
					t.Fatal("429 without Retry-After")
				}
			}
		}
		if limited == 0 {
			t.Error("300 requests at once were all answered")
		}
		if code, _, _ := ask(t, a, "10.0.0.2", "GET", "/health", ""); code != 200 {
			t.Errorf("another address got %d; want 200", code)
		}
		time.Sleep(10 * time.Second)
		if code, _, _ := ask(t, a, "10.0.0.1", "GET", "/health", ""); code != 200 {
			t.Errorf("ten seconds later: %d; want 200", code)
		}
	})
}

func TestWhenFullTheAnswerIs503WithRetryAfter(t *testing.T) {
	t.Run("too many requests being worked on", func(t *testing.T) {
		a, in := start(t)
		in.block = make(chan struct{})
		var wg sync.WaitGroup
		full := make(chan http.Header, 100)
		for i := range 100 {
			wg.Go(func() {
				code, h, _ := ask(t, a, fmt.Sprint("10.2.0.", i), "POST", "/api/sensor/drift", strings.Replace(example, "WORKSTATION01", fmt.Sprint("WS", i), 1))
				if code == http.StatusServiceUnavailable {
					full <- h
				}
			})
		}
		if h := <-full; h.Get("Retry-After") == "" {
			t.Error("503 without Retry-After")
		}
		close(in.block)
		wg.Wait()
	})
	t.Run("too many hosts", func(t *testing.T) {
		a, _ := start(t)
		for i := range 1100 {
			code, h, _ := ask(t, a, fmt.Sprintf("10.3.%d.%d", i/200, i%200), "POST", "/api/sensor/heartbeat", fmt.Sprintf(`{"hostname":"WS%d"}`, i))
			if code == http.StatusServiceUnavailable && i == 1000 && h.Get("Retry-After") != "" {
				return
			}
			if code != 200 {
				t.Fatalf("heartbeat of host %d = %d", i, code)
			}
		}
		t.Error("1100 invented hosts were all taken")
	})
}

func TestServeStopsWithItsContext(t *testing.T) {
	a, _ := start(t)
	server := httptest.NewUnstartedServer(a)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Serve(ctx, server.Listener) }()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+server.Listener.Addr().String()+"/health", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.Body.Close() != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Serve = %v; want nil", err)
	}
}

// TestOneAddressCannotTakeAllPlaces sends as many bodies that never end as one
// address gets connections. Others are served meanwhile.
func TestOneAddressCannotTakeAllPlaces(t *testing.T) {
	a, _ := start(t)
	server := httptest.NewUnstartedServer(a)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Serve(ctx, server.Listener) }()
	addr := server.Listener.Addr().String()
	closed := make(chan struct{}, 600)
	for range 600 { // more than the listener takes in all
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() }) // most are closed by the server
		// The server may have hung up.
		_, _ = io.WriteString(c, "POST /api/sensor/drift HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{")
		go func() {
			_, _ = io.Copy(io.Discard, c) // ends however the server ends it
			closed <- struct{}{}
		}()
	}
	for range 500 { // those over the share are closed at once
		<-closed
	}
	// Not even the places of requests are taken: 64 wait for their bodies.
	if code, _, _ := ask(t, a, "10.9.0.1", "POST", "/api/sensor/drift", example); code != http.StatusOK {
		t.Errorf("a sensor elsewhere got %d; want 200", code)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Serve = %v; want nil", err)
	}
}

func FuzzDecodeBeat(f *testing.F) {
	for _, s := range []string{`{"hostname":"a"}`, `{"hostname":"a","domain":null,"uptime_seconds":1e99}`, "\xef\xbb\xbf{}", `{"hostname":"\u0000"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := sensor.DecodeBeat(body)
		if err != nil {
			if !errors.Is(err, drift.ErrMalformed) && !errors.Is(err, drift.ErrTooLarge) {
				t.Errorf("DecodeBeat(%q) = %v; want an error that the API knows", body, err)
			}
			return
		}
		if b.Hostname == "" || len(b.Hostname) > 253 {
			t.Errorf("DecodeBeat(%q) let hostname %q through", body, b.Hostname)
		}
	})
}
