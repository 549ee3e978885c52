package drift

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/osiriscare/osiris/shared/catalog"
	"github.com/osiriscare/osiris/shared/check"
)

// maxName is the longest host or domain name, as in DNS.
const maxName = 253

// FactSensorCheckID is the fact that keeps a sensor's check_id. It is shown and
// never routes anything: the ids collide with those of runbooks.
const FactSensorCheckID = "sensor_check_id"

// unknownPrefix makes the check id of a drift type that the catalogue lacks. No
// check of the catalogue has a dot in its id, so none can be impersonated.
const unknownPrefix = "drift."

// SensorDrift is the body of a legacy sensor's drift, with the field names that
// deployed sensors send. Further fields are ignored.
type SensorDrift struct {
	Hostname      string                     `json:"hostname"`
	Domain        string                     `json:"domain"`
	DriftType     string                     `json:"drift_type"`
	Severity      string                     `json:"severity"`
	Details       map[string]json.RawMessage `json:"details"`
	CheckID       string                     `json:"check_id"`
	DetectedAt    string                     `json:"detected_at"`
	SensorVersion string                     `json:"sensor_version"`

	facts check.Facts
}

// SensorResolved is the body of a legacy sensor's resolution.
type SensorResolved struct {
	Hostname   string `json:"hostname"`
	DriftType  string `json:"drift_type"`
	ResolvedAt string `json:"resolved_at"`
	ResolvedBy string `json:"resolved_by"`
}

// DecodeSensorDrift reads and checks a body.
func DecodeSensorDrift(body []byte) (*SensorDrift, error) {
	d := &SensorDrift{}
	if err := decode(body, d); err != nil {
		return nil, fmt.Errorf("decoding sensor drift: %w", err)
	}
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("decoding sensor drift: %w", err)
	}
	return d, nil
}

// DecodeSensorResolved reads and checks a body.
func DecodeSensorResolved(body []byte) (*SensorResolved, error) {
	r := &SensorResolved{}
	if err := decode(body, r); err != nil {
		return nil, fmt.Errorf("decoding sensor resolution: %w", err)
	}
	if err := names(r.Hostname, "", r.DriftType); err != nil {
		return nil, fmt.Errorf("decoding sensor resolution: %w", err)
	}
	if _, err := text("resolved_by", r.ResolvedBy); err != nil {
		return nil, fmt.Errorf("decoding sensor resolution: %w", err)
	}
	return r, nil
}

// Event makes the event; from names the host that the receiver found for the
// hostname.
func (d *SensorDrift) Event(from Origin) Event {
	v := sensorVerdict(d.DriftType)
	v.Status, v.Severity, v.Cause, v.Facts = check.Fail, d.Severity, "change", d.facts
	v.Actual = d.DriftType
	v.Reason = "A sensor reports " + d.DriftType + "."
	return sensorEvent(v, d.DetectedAt, from)
}

// Event makes the event of a check that passes again.
func (r *SensorResolved) Event(from Origin) Event {
	v := sensorVerdict(r.DriftType)
	v.Status, v.Cause = check.Pass, "change"
	v.Reason = "A sensor reports that " + r.DriftType + " is resolved."
	return sensorEvent(v, r.ResolvedAt, from)
}

func sensorVerdict(driftType string) *Verdict {
	v := &Verdict{DriftType: driftType}
	known, ok := catalog.FindDriftType(driftType)
	if v.Known = ok; ok {
		v.Check = known.ID
	} else {
		v.Check = check.ID(unknownPrefix + driftType)
	}
	return v
}

// sensorEvent takes the receiver's time where the sensor's cannot be read: a
// sensor sends a drift once, so that refusing it would lose it.
func sensorEvent(v *Verdict, at string, from Origin) Event {
	from.Source = SourceSensor
	c := conversion{now: from.ReceivedAt, suspect: from.ClockSuspect}
	e := from.event()
	if t, ok := sensorTime(at); ok {
		e.AgentTime = c.judge(t)
	} else {
		e.AgentTime, c.suspect = e.ReceivedTime, true
	}
	v.ObservedAt = e.AgentTime
	e.Kind, e.Verdict, e.ClockSuspect = KindVerdict, v, c.suspect
	return e
}

// sensorTime accepts 0 to 9 fractional digits, and Z, an offset or nothing.
func sensorTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func decode(body []byte, into any) error {
	if len(body) > MaxBody {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(body), MaxBody)
	}
	// Windows PowerShell may put a byte order mark first.
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: something follows the JSON object", ErrMalformed)
	}
	return nil
}

func (d *SensorDrift) check() error {
	if err := names(d.Hostname, d.Domain, d.DriftType); err != nil {
		return err
	}
	if d.Severity == "" {
		return fmt.Errorf("%w: severity is empty", ErrMalformed)
	}
	if _, err := severity(d.Severity, check.Fail, ""); err != nil {
		return err
	}
	if _, err := text("sensor_version", d.SensorVersion); err != nil {
		return err
	}
	var err error
	d.facts, err = d.details()
	return err
}

func names(hostname, domain, driftType string) error {
	if hostname == "" {
		return fmt.Errorf("%w: hostname is empty", ErrMalformed)
	}
	for _, name := range []string{hostname, domain} {
		if len(name) > maxName {
			return fmt.Errorf("%w: a host or domain name has %d bytes, at most %d", ErrTooLarge, len(name), maxName)
		}
		if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == ' ' }) {
			return fmt.Errorf("%w: host or domain name %.80q has a blank or control character", ErrMalformed, name)
		}
	}
	_, err := identifier("drift_type", driftType)
	return err
}

// details become facts, sorted by name. Names are the sender's own words and
// are made to fit; values that are no strings stay JSON.
func (d *SensorDrift) details() (check.Facts, error) {
	if n := len(d.Details); n > MaxFacts {
		return nil, fmt.Errorf("%w: %d details, at most %d", ErrTooLarge, n, MaxFacts)
	}
	var out check.Facts
	if d.CheckID != "" {
		value, err := text("check_id", d.CheckID)
		if err != nil {
			return nil, err
		}
		out = append(out, check.Fact{Name: FactSensorCheckID, Value: value})
	}
	keys := make([]string, 0, len(d.Details))
	for key := range d.Details {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		name := factName(key)
		if _, taken := out.Get(name); taken || name == "" {
			continue
		}
		value, err := text("detail "+name, plain(d.Details[key]))
		if err != nil {
			return nil, err
		}
		out = append(out, check.Fact{Name: name, Value: value})
	}
	return out, nil
}

func factName(key string) string {
	name := []byte(key[:min(len(key), MaxID)])
	for i, b := range name {
		if !inID(b) {
			name[i] = '_'
		}
	}
	return string(name)
}

func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil && !bytes.Equal(raw, []byte("null")) {
		return s
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return string(raw)
	}
	return compact.String()
}
