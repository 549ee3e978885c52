package drift

import (
	"fmt"
	"time"
	"unicode/utf8"
)

// Limits on what one sender may say at once.
const (
	MaxID       = 64        // bytes of a check id, fact name or other identifier
	MaxText     = 4 << 10   // bytes of any other text
	MaxFacts    = 64        // facts of a verdict
	MaxVerdicts = 256       // verdicts of a state report
	MaxPhases   = 32        // phases of a command result
	MaxRecord   = 256 << 10 // bytes of an encoded record, as of a gRPC message (D25)
	MaxBody     = 64 << 10  // bytes of a sensor's JSON body
)

// ClockAhead is how far a sender's clock may be ahead before it is suspect:
// Kerberos breaks at the same 300 s.
const ClockAhead = 5 * time.Minute

// The product did not exist before 2020: an older time is a dead clock.
var clockFloor = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// Times that RFC 3339 can write; a number of milliseconds can be far outside,
// and encoding it later would fail.
var (
	earliest = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(9999, 12, 31, 23, 59, 59, 999_000_000, time.UTC)
)

// conversion is one record or body on its way to an event.
type conversion struct {
	now     time.Time
	suspect bool
}

// time keeps what the sender's clock said, cut to what can be written down, and
// remembers when it cannot be right. Zero is not a time: it was not set.
func (c *conversion) time(ms int64) time.Time {
	return c.judge(time.UnixMilli(ms))
}

func (c *conversion) judge(t time.Time) time.Time {
	t = t.UTC().Truncate(time.Millisecond)
	if t.Before(clockFloor) || t.After(c.now.Add(ClockAhead)) {
		c.suspect = true
	}
	if t.Before(earliest) {
		return earliest
	}
	if t.After(latest) {
		return latest
	}
	return t
}

// identifier accepts printable ASCII without blanks, quotes and slashes, so
// that an id can stand in a path, a log line and a page as it is.
func identifier(what, s string) (string, error) {
	if s == "" {
		return "", fmt.Errorf("%w: %s is empty", ErrMalformed, what)
	}
	return word(what, s)
}

// word is an identifier that may be empty.
func word(what, s string) (string, error) {
	if len(s) > MaxID {
		return "", fmt.Errorf("%w: %s has %d bytes, at most %d", ErrTooLarge, what, len(s), MaxID)
	}
	for i := range len(s) {
		if !inID(s[i]) {
			return "", fmt.Errorf("%w: %s %.80q has a character that an id may not have", ErrMalformed, what, s)
		}
	}
	return s, nil
}

func inID(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' ||
		b == '_' || b == '-' || b == '.' || b == ':'
}

func text(what, s string) (string, error) {
	if len(s) > MaxText {
		return "", fmt.Errorf("%w: %s has %d bytes, at most %d", ErrTooLarge, what, len(s), MaxText)
	}
	if !utf8.ValidString(s) {
		return "", fmt.Errorf("%w: %s is not UTF-8", ErrMalformed, what)
	}
	return s, nil
}
