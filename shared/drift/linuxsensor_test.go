package drift_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

const linuxExample = `{"sensor_id":"lsens-0123456789abcdef","hostname":"db1","check_type":"disk_space","severity":"high",
	"title":"Disk nearly full","details":"/var is at 93%","current_value":"93%","expected_value":"below 90%","timestamp":"2026-01-15T10:30:00Z","kernel":"6.1"}`

func TestALinuxSensorsEventBecomesAnEvent(t *testing.T) {
	d, err := drift.DecodeLinuxSensorEvent([]byte(linuxExample))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 15, 10, 30, 0, 0, time.UTC)
	want := drift.Event{
		Site: "s_one", HostID: "h_two", Source: drift.SourceSensor, Asserted: true, Kind: drift.KindVerdict,
		Verdict: &drift.Verdict{
			Verdict: check.Verdict{
				Check: check.DiskSpace, Status: check.Fail, Severity: "high", Actual: "93%", Expected: "below 90%",
				Reason: "A Linux sensor reports disk_space.",
				Facts: check.Facts{
					{Name: "title", Value: "Disk nearly full"},
					{Name: "details", Value: "/var is at 93%"},
					{Name: "current_value", Value: "93%"},
					{Name: "expected_value", Value: "below 90%"},
				},
			},
			DriftType: "low_disk_space", Known: true, Cause: "change", ObservedAt: at,
		},
		AgentTime: at, ReceivedTime: now,
	}
	if diff := cmp.Diff(want, d.Event(sensorOrigin)); diff != "" {
		t.Errorf("Event (-want +got):\n%s", diff)
	}
}

func TestALinuxSensorsOwnWordsRouteNowhere(t *testing.T) {
	// "users" or "services" are not what checks of ours judge, and "screen_lock"
	// is one that no Linux host has.
	for _, word := range []string{"users", "services", "cron_jobs", "screen_lock", "ssh_config", "defender"} {
		d, err := drift.DecodeLinuxSensorEvent([]byte(strings.Replace(linuxExample, "disk_space", word, 1)))
		if err != nil {
			t.Fatal(err)
		}
		v := d.Event(sensorOrigin).Verdict
		if v.Known || v.DriftType != "linux_sensor_"+word || !strings.Contains(string(v.Check), ".") {
			t.Errorf("%s = check %s, drift type %s, known %t; want one that the catalogue lacks", word, v.Check, v.DriftType, v.Known)
		}
	}
}

func TestBadLinuxSensorEventsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		from, to string
		want     error
	}{
		"no hostname":              {`"db1"`, `""`, drift.ErrMalformed},
		"a check type of no id":    {`"disk_space"`, `"disk space"`, drift.ErrMalformed},
		"a long check type":        {`"disk_space"`, `"` + strings.Repeat("d", 60) + `"`, drift.ErrTooLarge},
		"a severity of its own":    {`"high"`, `"warning"`, drift.ErrMalformed},
		"no severity":              {`"high"`, `""`, drift.ErrMalformed},
		"no sensor id":             {`"lsens-0123456789abcdef"`, `""`, drift.ErrMalformed},
		"details that are no text": {`"/var is at 93%"`, `{}`, drift.ErrMalformed},
		"details without an end":   {`"/var is at 93%"`, `"` + strings.Repeat("x", drift.MaxText+1) + `"`, drift.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := drift.DecodeLinuxSensorEvent([]byte(strings.Replace(linuxExample, c.from, c.to, 1)))
			if !errors.Is(err, c.want) {
				t.Errorf("error = %v; want %v", err, c.want)
			}
		})
	}
}
