package drift_test

import (
	"encoding/json"
	"errors"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

// requireBounded fails when an accepted event is not what the package promises.
func requireBounded(t *testing.T, e drift.Event) {
	t.Helper()
	parts := 0
	for _, set := range []bool{e.Verdict != nil, e.State != nil, e.Result != nil, e.Gap != nil, e.Refused != ""} {
		if set {
			parts++
		}
	}
	if parts != 1 || e.Kind == "" {
		t.Fatalf("event of kind %q has %d parts", e.Kind, parts)
	}
	if len(e.Verdicts()) > drift.MaxVerdicts {
		t.Fatalf("%d verdicts", len(e.Verdicts()))
	}
	for _, v := range e.Verdicts() {
		if v.Check == "" || !v.Status.Valid() || (v.Severity != "") != (v.Status == check.Fail) {
			t.Fatalf("verdict %+v", v)
		}
		if len(v.Facts) > drift.MaxFacts || len(v.Reason) > drift.MaxText || len(v.Actual) > drift.MaxText {
			t.Fatalf("verdict on %s is over the limits", v.Check)
		}
		for _, f := range v.Facts {
			if f.Name == "" || len(f.Name) > drift.MaxID || len(f.Value) > drift.MaxText || !utf8.ValidString(f.Value) {
				t.Fatalf("fact %+v", f)
			}
		}
	}
	if _, err := json.Marshal(e); err != nil {
		t.Fatalf("the event cannot be written: %v", err)
	}
}

func requireClear(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, drift.ErrMalformed) && !errors.Is(err, drift.ErrTooLarge) {
		t.Fatalf("error %v is neither malformed nor too large", err)
	}
	if len(err.Error()) > 1024 {
		t.Fatalf("the error has %d bytes: it repeats what was sent", len(err.Error()))
	}
}

func FuzzDecodeRecord(f *testing.F) {
	for _, r := range []*compliancev1.Record{
		record(verdict()), state(named("disk_space"), named("time_sync")), gap(3, 7, 5, "overflow"), result(), {},
	} {
		b, err := proto.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := drift.DecodeRecord(b, queue, origin)
		if err != nil {
			requireClear(t, err)
			r := &compliancev1.Record{}
			if proto.Unmarshal(b, r) != nil {
				return
			}
			if e, err := drift.Refuse(r, queue, origin, err); err == nil {
				requireBounded(t, e)
			}
			return
		}
		requireBounded(t, e)
	})
}

func FuzzDecodeSensorDrift(f *testing.F) {
	f.Add(sensorExample(f))
	f.Add([]byte(`{"hostname":"PC1","drift_type":"x","severity":"low","details":{"a b":[1,null],"":"\u0000"},"detected_at":"1601-01-01T00:00:00.1234567+23:59"}`))
	f.Add([]byte("\xef\xbb\xbf{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := drift.DecodeSensorDrift(b)
		if err != nil {
			requireClear(t, err)
			return
		}
		requireBounded(t, d.Event(sensorOrigin))
	})
}

func FuzzDecodeSensorResolved(f *testing.F) {
	f.Add([]byte(`{"hostname":"PC1","drift_type":"firewall_disabled","resolved_at":"2026-11-22T00:59:00Z","resolved_by":"external"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := drift.DecodeSensorResolved(b)
		if err != nil {
			requireClear(t, err)
			return
		}
		requireBounded(t, r.Event(sensorOrigin))
	})
}

func BenchmarkFromRecord(b *testing.B) {
	r := record(verdict())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := drift.FromRecord(r, queue, origin); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzDecodeLinuxSensorEvent(f *testing.F) {
	f.Add([]byte(linuxExample))
	f.Add([]byte(`{"sensor_id":"lsens-0","hostname":"db1","check_type":"users","severity":"low","current_value":null,"timestamp":"x"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := drift.DecodeLinuxSensorEvent(b)
		if err != nil {
			requireClear(t, err)
			return
		}
		requireBounded(t, e.Event(sensorOrigin))
	})
}
