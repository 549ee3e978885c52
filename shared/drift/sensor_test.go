package drift_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

// The example that deployed sensors are compatible with, kept byte for byte.
func sensorExample(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/sensor_drift.json")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var sensorOrigin = drift.Origin{Site: "s_one", HostID: "h_two", Source: drift.SourceSensor, ReceivedAt: now}

func TestTheSensorsExampleBecomesAnEvent(t *testing.T) {
	d, err := drift.DecodeSensorDrift(sensorExample(t))
	if err != nil {
		t.Fatal(err)
	}
	if d.Hostname != "WORKSTATION01" || d.Domain != "NORTHVALLEY.LOCAL" || d.SensorVersion != "1.0.0" {
		t.Errorf("sensor = %q, %q, %q", d.Hostname, d.Domain, d.SensorVersion)
	}
	at := time.Date(2026, 1, 15, 10, 30, 0, 0, time.UTC)
	want := drift.Event{
		Site: "s_one", HostID: "h_two", Source: drift.SourceSensor, Asserted: true, Kind: drift.KindVerdict,
		Verdict: &drift.Verdict{
			Verdict: check.Verdict{
				Check: "firewall", Status: check.Fail, Severity: "critical", Actual: "firewall_disabled",
				Reason: "A sensor reports firewall_disabled.",
				Facts: check.Facts{
					{Name: "sensor_check_id", Value: "RB-WIN-FIREWALL-001"},
					{Name: "disabled_profiles", Value: `["Domain","Private"]`},
				},
			},
			DriftType: "firewall_disabled", Known: true, Cause: "change", ObservedAt: at,
		},
		AgentTime: at, ReceivedTime: now,
	}
	if diff := cmp.Diff(want, d.Event(sensorOrigin)); diff != "" {
		t.Errorf("Event (-want +got):\n%s", diff)
	}
}

func TestASensorsCheckIDDoesNotChangeTheCheck(t *testing.T) {
	// RB-WIN-NET-002 is a network reset in the runbook library of the seeds.
	d, err := drift.DecodeSensorDrift([]byte(`{"hostname":"PC1","drift_type":"firewall_disabled","severity":"high","check_id":"RB-WIN-NET-002"}`))
	if err != nil {
		t.Fatal(err)
	}
	if e := d.Event(sensorOrigin); e.Verdict.Check != "firewall" {
		t.Errorf("check = %s; want firewall, by the drift type", e.Verdict.Check)
	}
}

func TestAnUnknownDriftTypeIsKeptAndCannotImpersonateACheck(t *testing.T) {
	for _, driftType := range []string{"toaster_open", "firewall", "disk_space"} {
		d, err := drift.DecodeSensorDrift(fmt.Appendf(nil, `{"hostname":"PC1","drift_type":%q,"severity":"low"}`, driftType))
		if err != nil {
			t.Fatal(err)
		}
		v := d.Event(sensorOrigin).Verdict
		if v.Known || v.Check != check.ID("drift."+driftType) || v.DriftType != driftType || v.Status != check.Fail {
			t.Errorf("verdict = %+v; want an unknown check drift.%s", v, driftType)
		}
	}
}

func TestUnknownSensorFieldsAreIgnored(t *testing.T) {
	if _, err := drift.DecodeSensorDrift([]byte(
		`{"hostname":"PC1","domain":null,"check_id":null,"sensor_version":null,"details":null,"drift_type":"smbv1_enabled","severity":"high","mood":{"a":[1]}}`)); err != nil {
		t.Errorf("DecodeSensorDrift = %v; want it accepted", err)
	}
}

func TestAByteOrderMarkIsNoFault(t *testing.T) {
	if _, err := drift.DecodeSensorDrift(append([]byte("\xef\xbb\xbf"), sensorExample(t)...)); err != nil {
		t.Errorf("DecodeSensorDrift = %v; want it accepted", err)
	}
}

func TestMalformedAndOversizedSensorBodiesAreRefused(t *testing.T) {
	details := map[string]int{}
	for i := range 65 {
		details[fmt.Sprint("d", i)] = i
	}
	many, err := json.Marshal(details)
	if err != nil {
		t.Fatal(err)
	}
	body := func(rest string) string {
		return `{"hostname":"PC1","drift_type":"smbv1_enabled","severity":"high"` + rest + `}`
	}
	for _, test := range []struct {
		name, body string
		is         error
		says       string
	}{
		{"nothing", "", drift.ErrMalformed, "EOF"},
		{"half an object", `{"hostname":"PC1"`, drift.ErrMalformed, "EOF"},
		{"no object", `[1]`, drift.ErrMalformed, "array"},
		{"null", `null`, drift.ErrMalformed, "hostname is empty"},
		{"something behind the object", body("") + "{}", drift.ErrMalformed, "follows"},
		{"a number as hostname", `{"hostname":1}`, drift.ErrMalformed, "hostname"},
		{"no hostname", `{"drift_type":"smbv1_enabled","severity":"high"}`, drift.ErrMalformed, "hostname is empty"},
		{"a line break in the hostname", `{"hostname":"a\nb","drift_type":"x","severity":"high"}`, drift.ErrMalformed, "control character"},
		{"a reversed hostname", `{"hostname":"a\u202eb","drift_type":"x","severity":"high"}`, drift.ErrMalformed, "control character"},
		{"an oversized hostname", `{"hostname":"` + strings.Repeat("a", 254) + `","drift_type":"x","severity":"high"}`, drift.ErrTooLarge, "254 bytes"},
		{"a blank in the domain", body(`,"domain":"A B"`), drift.ErrMalformed, "domain"},
		{"no drift type", `{"hostname":"PC1","severity":"high"}`, drift.ErrMalformed, "drift_type is empty"},
		{"a path as drift type", `{"hostname":"PC1","drift_type":"../x","severity":"high"}`, drift.ErrMalformed, "drift_type"},
		{"an oversized drift type", `{"hostname":"PC1","drift_type":"` + strings.Repeat("a", 65) + `","severity":"high"}`, drift.ErrTooLarge, "drift_type has 65 bytes"},
		{"no severity", `{"hostname":"PC1","drift_type":"x"}`, drift.ErrMalformed, "severity is empty"},
		{"an unknown severity", `{"hostname":"PC1","drift_type":"x","severity":"CRITICAL"}`, drift.ErrMalformed, `severity "CRITICAL"`},
		{"details that are no object", body(`,"details":"none"`), drift.ErrMalformed, "details"},
		{"an oversized detail", body(`,"details":{"a":"` + strings.Repeat("x", 4097) + `"}`), drift.ErrTooLarge, "detail a has 4097 bytes"},
		{"too many details", body(`,"details":` + string(many)), drift.ErrTooLarge, "65 details, at most 64"},
		{"an oversized body", body(`,"x":"` + strings.Repeat("x", drift.MaxBody) + `"`), drift.ErrTooLarge, "at most 65536"},
		{"very deep details", body(`,"details":{"a":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`), drift.ErrMalformed, "depth"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, err := drift.DecodeSensorDrift([]byte(test.body))
			if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) || d != nil {
				t.Errorf("DecodeSensorDrift = %+v, %v; want %v saying %q", d, err, test.is, test.says)
			}
		})
	}
}

func TestDetailsBecomeFactsThatFit(t *testing.T) {
	d, err := drift.DecodeSensorDrift([]byte(`{"hostname":"PC1","drift_type":"x","severity":"low","check_id":"RB","details":{
		"b":"text","a b":[1, {"c": null}],"n":null,"t":true,"sensor_check_id":"other","":1}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := check.Facts{
		{Name: "sensor_check_id", Value: "RB"},
		{Name: "a_b", Value: `[1,{"c":null}]`},
		{Name: "b", Value: "text"},
		{Name: "n", Value: "null"},
		{Name: "t", Value: "true"},
	}
	if diff := cmp.Diff(want, d.Event(sensorOrigin).Verdict.Facts); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

func TestSensorTimesAreReadOrReplaced(t *testing.T) {
	at := time.Date(2026, 11, 22, 0, 59, 0, 0, time.UTC)
	for _, test := range []struct {
		name, text string
		want       time.Time
		suspect    bool
	}{
		{"UTC", "2026-11-22T00:59:00Z", at, false},
		{"seven digits of PowerShell and an offset", "2026-11-21T18:59:00.0000000-06:00", at, false},
		{"nine digits", "2026-11-22T00:59:00.123456789Z", at.Add(123 * time.Millisecond), false},
		{"no zone", "2026-11-22T00:59:00", at, false},
		{"no time", "", now, true},
		{"words", "yesterday", now, true},
		{"a time of long ago", "1601-01-01T00:00:00Z", time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC), true},
		{"a time far ahead", "9999-12-31T23:59:59.9999999Z", time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC), true},
		{"a time that its offset moves out of range", "9999-12-31T23:59:59-14:00", time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, err := drift.DecodeSensorDrift(fmt.Appendf(nil, `{"hostname":"PC1","drift_type":"x","severity":"low","detected_at":%q}`, test.text))
			if err != nil {
				t.Fatalf("DecodeSensorDrift = %v; a clock is never a reason to refuse", err)
			}
			e := d.Event(sensorOrigin)
			if !e.AgentTime.Equal(test.want) || e.ClockSuspect != test.suspect {
				t.Errorf("time = %s, suspect %v; want %s, %v", e.AgentTime, e.ClockSuspect, test.want, test.suspect)
			}
			if _, err := json.Marshal(e.AgentTime); err != nil {
				t.Errorf("evidence could not write the time: %v", err)
			}
		})
	}
}

func TestAResolutionIsAnAssertedPass(t *testing.T) {
	r, err := drift.DecodeSensorResolved([]byte(`{"hostname":"PC1","drift_type":"firewall_disabled","resolved_at":"2026-11-22T00:59:00Z","resolved_by":"external"}`))
	if err != nil {
		t.Fatal(err)
	}
	e := r.Event(sensorOrigin)
	if e.Verdict.Check != "firewall" || e.Verdict.Status != check.Pass || !e.Asserted || e.Verdict.Severity != "" {
		t.Errorf("event = %+v %+v; want an asserted pass of firewall", e, e.Verdict)
	}
	for _, body := range []string{``, `{}`, `{"hostname":"PC1"}`, `{"hostname":"PC1","drift_type":"a/b"}`} {
		if r, err := drift.DecodeSensorResolved([]byte(body)); !errors.Is(err, drift.ErrMalformed) {
			t.Errorf("DecodeSensorResolved(%s) = %v, %v; want %v", body, r, err, drift.ErrMalformed)
		}
	}
}

func TestASensorsEventIsAssertedWhateverTheOriginSays(t *testing.T) {
	d, err := drift.DecodeSensorDrift(sensorExample(t))
	if err != nil {
		t.Fatal(err)
	}
	if e := d.Event(origin); e.Source != drift.SourceSensor || !e.Asserted || e.Key != (drift.Key{}) {
		t.Errorf("event = %+v; want an asserted one of a sensor without an agent's key", e)
	}
}
