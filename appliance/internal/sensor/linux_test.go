package sensor_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/sensor"
	"github.com/osiriscare/osiris/shared/drift"
)

const linuxEvent = `{"sensor_id":"lsens-1","hostname":"db1","check_type":"disk_space","severity":"high","title":"t","details":"d",
	"current_value":"93%","expected_value":"below 90%","timestamp":"2026-01-15T10:30:00.123456+00:00"}`

func TestALinuxSensorRegistersReportsAndIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, in := start(t)
		code, _, out := ask(t, a, "10.0.0.1", "POST", "/sensor/register", `{"hostname":"db1","os_version":"Debian 12","kernel":"6.1"}`)
		id, _ := out["sensor_id"].(string)
		if code != 200 || !strings.HasPrefix(id, "lsens-") || len(out["api_key"].(string)) < 32 || out["check_interval"] != 10.0 || out["heartbeat_interval"] != 60.0 {
			t.Fatalf("registration = %d %v", code, out)
		}
		code, _, out = ask(t, a, "10.0.0.1", "POST", "/sensor/heartbeat", `{"sensor_id":"lsens-1","hostname":"db1","version":"1.1","uptime":77,"timestamp":"2026-01-15T10:30:00Z"}`)
		if code != 200 || out["status"] != "ok" || out["mode"] != "sensor" || out["next_heartbeat_in"] != 60.0 {
			t.Errorf("heartbeat = %d %v", code, out)
		}
		time.Sleep(5 * time.Second)
		code, _, out = ask(t, a, "10.0.0.1", "POST", "/sensor/event", linuxEvent)
		want := map[string]any{"status": "received", "healing_queued": true, "event_id": "lsens-1-disk_space-2026-01-15T10:30:00"}
		if diff := cmp.Diff(want, out); code != 200 || diff != "" {
			t.Errorf("event = %d (-want +got):\n%s", code, diff)
		}
		if len(in.events) != 1 || in.events[0].Verdict.Check != "disk_space" || in.events[0].Source != drift.SourceSensor || !in.events[0].Asserted {
			t.Errorf("events = %+v; want an asserted failure of disk_space", in.events)
		}
		_, _, out = ask(t, a, "10.0.0.1", "GET", "/sensor/status", "")
		line := map[string]any{
			"sensor_id": "lsens-1", "hostname": "db1", "version": "1.1", "age_seconds": 0.0, "active": true, "uptime": 77.0,
			"event_count": 1.0, "last_event_type": "disk_space", "last_heartbeat": time.Now().Add(-5 * time.Second).UTC().Format(time.RFC3339Nano),
		}
		if diff := cmp.Diff([]any{line}, out["sensors"]); diff != "" || out["total"] != 1.0 || out["active"] != 1.0 || out["sensor_timeout_seconds"] != 120.0 {
			t.Errorf("status (-want +got):\n%s%v", diff, out)
		}
		time.Sleep(121 * time.Second)
		if _, _, out = ask(t, a, "10.0.0.1", "GET", "/sensor/status", ""); out["active"] != 0.0 {
			t.Errorf("active = %v after two silent minutes; want 0", out["active"])
		}
	})
}

func TestTheEndOfALinuxSensorsDriftIsTakenByTheOtherDialect(t *testing.T) {
	a, in := start(t)
	ask(t, a, "10.0.0.1", "POST", "/sensor/event", linuxEvent)
	code, _, _ := ask(t, a, "10.0.0.1", "POST", "/api/sensor/resolved", `{"hostname":"db1","drift_type":"low_disk_space","resolved_at":"2026-01-15T11:00:00Z"}`)
	if code != 200 || len(in.events) != 2 || in.hosts[0].ID != in.hosts[1].ID || in.events[1].Verdict.Check != in.events[0].Verdict.Check {
		t.Errorf("%d: events %+v on hosts %+v; want both of one check on one host", code, in.events, in.hosts)
	}
}

func TestLinuxPollingKnowsLinuxSensorsOnly(t *testing.T) {
	a, _ := start(t)
	ask(t, a, "10.0.0.1", "POST", "/sensor/event", linuxEvent)
	ask(t, a, "10.0.0.1", "POST", "/api/sensor/heartbeat", `{"hostname":"WS1","sensor_version":"1","timestamp":"x"}`)
	for path, want := range map[string][]any{
		"/sensor/hosts/polling":     {"ws1", "web1"},
		"/api/sensor/hosts/polling": {"web1"},
	} {
		_, _, out := ask(t, a, "10.0.0.1", "GET", path+"?all_hosts=DB1,ws1,web1", "")
		if diff := cmp.Diff(want, out["polling_hosts"]); diff != "" || out["total_hosts"] != 3.0 || out["polling_count"] != float64(len(want)) {
			t.Errorf("%s = %v; want %v to poll", path, out, want)
		}
	}
}

func TestAHostWithALiveAgentIsNotPolled(t *testing.T) {
	a, _, hosts := begin(t)
	pc := host.Fresh("a_1", "PC1")
	pc.Domain = "X.LOCAL"
	hosts.Add(pc)
	ask := func() any {
		_, _, out := ask(t, a, "10.0.0.1", "GET", "/api/sensor/hosts/polling?all_hosts=pc1,PC1.x.local,PC10", "")
		if out["sensor_hosts"] != 0.0 {
			t.Errorf("sensor_hosts = %v; an agent is no sensor", out["sensor_hosts"])
		}
		return out["polling_hosts"]
	}
	if diff := cmp.Diff([]any{"pc1", "PC1.x.local", "PC10"}, ask()); diff != "" {
		t.Errorf("an agent without a session covers its host (-want +got):\n%s", diff)
	}
	hosts.Connected("a_1", true, 1)
	if diff := cmp.Diff([]any{"PC10"}, ask()); diff != "" {
		t.Errorf("with a session (-want +got):\n%s", diff)
	}
	hosts.Held(func(agentID string) bool { return agentID == "a_1" })
	if diff := cmp.Diff([]any{"pc1", "PC1.x.local", "PC10"}, ask()); diff != "" {
		t.Errorf("an agent that waits for approval covers the host it says it is (-want +got):\n%s", diff)
	}
}

func TestBadLinuxBodiesGetAClearJSONError(t *testing.T) {
	a, _ := start(t)
	for _, c := range []struct {
		path, body string
		code       int
	}{
		{"/sensor/register", `{"hostname":""}`, 400},
		{"/sensor/register", `[`, 400},
		{"/sensor/heartbeat", `{"hostname":"db1","uptime":1}`, 400},
		{"/sensor/heartbeat", `{"hostname":"db1","sensor_id":"x","uptime":-1}`, 400},
		{"/sensor/heartbeat", `{"hostname":"d b","sensor_id":"x"}`, 400},
		{"/sensor/heartbeat", `{"hostname":"db1","sensor_id":"` + strings.Repeat("x", 65) + `"}`, 413},
		{"/sensor/event", `{"hostname":"db1"}`, 400},
	} {
		code, _, out := ask(t, a, "10.0.0.1", "POST", c.path, c.body)
		if text, _ := out["error"].(string); code != c.code || text == "" {
			t.Errorf("POST %s %s = %d %v; want %d and why", c.path, c.body, code, out, c.code)
		}
	}
	if code, _, _ := ask(t, a, "10.0.0.1", "GET", "/sensor/event", ""); code != http.StatusMethodNotAllowed {
		t.Errorf("GET /sensor/event = %d; want 405", code)
	}
}

func TestTheScriptsAreServedAsTheyAre(t *testing.T) {
	a, _ := start(t)
	for _, name := range []string{"install.sh", "uninstall.sh", "osiriscare-sensor.sh"} {
		want, err := os.ReadFile("script/" + name)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/sensor/"+name, nil)
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if w.Code != 200 || w.Body.String() != string(want) || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/x-sh") {
			t.Errorf("%s = %d, %s, %d bytes; want the file", name, w.Code, w.Header().Get("Content-Type"), w.Body.Len())
		}
	}
}

func FuzzDecodeLinuxBeat(f *testing.F) {
	f.Add([]byte(`{"sensor_id":"lsens-1","hostname":"db1","version":"1.1","uptime":77,"timestamp":"2026-01-15T10:30:00Z"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if beat, err := sensor.DecodeLinuxBeat(b); err == nil && (beat.Hostname == "" || len(beat.Hostname) > 253 || len(beat.SensorID) > 64) {
			t.Errorf("%+v is out of bounds", beat)
		}
		if r, err := sensor.DecodeRegistration(b); err == nil && (r.Hostname == "" || len(r.Hostname) > 253) {
			t.Errorf("%+v is out of bounds", r)
		}
	})
}
