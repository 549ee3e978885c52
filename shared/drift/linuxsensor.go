package drift

import (
	"fmt"

	"github.com/osiriscare/osiris/shared/check"
)

// Facts that keep what a Linux sensor says in its own words.
const (
	FactSensorTitle    = "title"
	FactSensorDetails  = "details"
	FactSensorCurrent  = "current_value"
	FactSensorExpected = "expected_value"
)

// linuxTypes are the words of Linux sensors that mean one of our checks. What
// is not here keeps its word behind linuxPrefix, so that it is shown and routes
// nowhere: their "services" or "users" is not what ours of that name judge.
var linuxTypes = map[string]string{
	"disk_space": "low_disk_space",
	"firewall":   "linux_firewall_disabled",
	"updates":    "patches_missing",
}

const linuxPrefix = "linux_sensor_"

// LinuxSensorEvent is the body of a legacy Linux sensor's event. It always
// reports a drift: this dialect has no word for its end, so that a resolution
// comes by SensorResolved or not at all. Further fields are ignored.
type LinuxSensorEvent struct {
	SensorID      string  `json:"sensor_id"`
	Hostname      string  `json:"hostname"`
	CheckType     string  `json:"check_type"`
	Severity      string  `json:"severity"`
	Title         string  `json:"title"`
	Details       string  `json:"details"`
	CurrentValue  *string `json:"current_value"`
	ExpectedValue *string `json:"expected_value"`
	Timestamp     string  `json:"timestamp"`
}

// DecodeLinuxSensorEvent reads and checks a body.
func DecodeLinuxSensorEvent(body []byte) (*LinuxSensorEvent, error) {
	e := &LinuxSensorEvent{}
	if err := decode(body, e); err != nil {
		return nil, fmt.Errorf("decoding Linux sensor event: %w", err)
	}
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("decoding Linux sensor event: %w", err)
	}
	return e, nil
}

func (e *LinuxSensorEvent) check() error {
	if err := names(e.Hostname, "", e.CheckType); err != nil {
		return err
	}
	if len(linuxPrefix+e.CheckType) > MaxID {
		return fmt.Errorf("%w: check_type has %d bytes, at most %d", ErrTooLarge, len(e.CheckType), MaxID-len(linuxPrefix))
	}
	if _, err := identifier("sensor_id", e.SensorID); err != nil {
		return err
	}
	if e.Severity == "" {
		return fmt.Errorf("%w: severity is empty", ErrMalformed)
	}
	if _, err := severity(e.Severity, check.Fail, ""); err != nil {
		return err
	}
	for _, f := range e.facts() {
		if _, err := text(f.Name, f.Value); err != nil {
			return err
		}
	}
	return nil
}

// DriftType is the word by which the event is routed, and by which a
// resolution names it.
func (e *LinuxSensorEvent) DriftType() string {
	if known, ok := linuxTypes[e.CheckType]; ok {
		return known
	}
	return linuxPrefix + e.CheckType
}

// Event makes the event; from names the host that the receiver found.
func (e *LinuxSensorEvent) Event(from Origin) Event {
	v := sensorVerdict(e.DriftType())
	v.Status, v.Severity, v.Cause, v.Facts = check.Fail, e.Severity, "change", e.facts()
	v.Actual, v.Expected = e.CheckType, value(e.ExpectedValue)
	if actual := value(e.CurrentValue); actual != "" {
		v.Actual = actual
	}
	v.Reason = "A Linux sensor reports " + e.CheckType + "."
	return sensorEvent(v, e.Timestamp, from)
}

func (e *LinuxSensorEvent) facts() check.Facts {
	var out check.Facts
	for _, f := range []check.Fact{
		{Name: FactSensorTitle, Value: e.Title},
		{Name: FactSensorDetails, Value: e.Details},
		{Name: FactSensorCurrent, Value: value(e.CurrentValue)},
		{Name: FactSensorExpected, Value: value(e.ExpectedValue)},
	} {
		if f.Value != "" {
			out = append(out, f)
		}
	}
	return out
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
