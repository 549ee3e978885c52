package check

import "strconv"

// Facts of time_sync about the clock's measured error, wherever somebody could
// be asked.
const (
	// FactClockOffset is the milliseconds that a time server is ahead of this clock.
	FactClockOffset = "offset_ms"
	FactClockServer = "offset_server" // who said so
)

// Kerberos refuses tickets at 300 s.
var timeParameters = []Parameter{{"warn_seconds", "5"}, {"fail_seconds", "60"}}

// offsetSteps are the seconds that a failure tells, because each new value is
// reported; the facts are exact.
var offsetSteps = [...]uint64{86400, 3600, 300, 60, 5}

// judgeOffset fails a clock that was measured and is wrong. Measured is also true
// for one that is right, and then there is no verdict yet.
func judgeOffset(d *definition, f Facts, p Parameters, v *Verdict) (measured, wrong bool) {
	ms, err := strconv.ParseInt(f.text(FactClockOffset), 10, 64)
	if err != nil {
		return false, false
	}
	off := uint64(ms) / 1000
	if ms < 0 {
		off = uint64(-ms) / 1000
	}
	warn, limit := d.number(p, "warn_seconds"), d.number(p, "fail_seconds")
	if off < warn && off < limit {
		return true, false
	}
	step := min(warn, limit)
	for _, s := range offsetSteps {
		if off >= s {
			step = max(step, s)
			break
		}
	}
	v.Expected = "off by less than " + strconv.FormatUint(min(warn, limit), 10) + " s"
	v.Actual = "off by " + strconv.FormatUint(step, 10) + " s or more"
	severity := Medium
	if off >= limit {
		severity = High
	}
	v.fail(severity, "The clock is wrong, compared with "+f.text(FactClockServer)+".")
	return true, true
}
