package bundle

import (
	"encoding/json"
	"fmt"
	"time"
)

// timeForm is RFC 3339 with milliseconds, always UTC.
const timeForm = "2006-01-02T15:04:05.000Z"

// Time is Unix milliseconds, written as RFC 3339. Zero means not known and is
// written as an empty string.
type Time int64

// At is t, cut to milliseconds.
func At(t time.Time) Time { return Time(t.UnixMilli()) }

// Time is t for calculations.
func (t Time) Time() time.Time { return time.UnixMilli(int64(t)).UTC() }

// String is the written form.
func (t Time) String() string {
	if t == 0 {
		return ""
	}
	return t.Time().Format(timeForm)
}

// MarshalJSON writes the form above. A year that RFC 3339 cannot hold is an
// error: clamp foreign clocks first.
func (t Time) MarshalJSON() ([]byte, error) {
	if y := t.Time().Year(); t != 0 && (y < 0 || y > 9999) {
		return nil, fmt.Errorf("writing time: year %d", y)
	}
	return []byte(`"` + t.String() + `"`), nil
}

// UnmarshalJSON takes only what MarshalJSON writes.
func (t *Time) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	if s == "" {
		*t = 0
		return nil
	}
	parsed, err := time.Parse(timeForm, s)
	if err != nil || parsed.UTC().Format(timeForm) != s {
		return fmt.Errorf("%w: time %q", ErrMalformed, s)
	}
	*t = At(parsed)
	return nil
}
