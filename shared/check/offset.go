package check

import "strconv"

// FactClockOffset is a row about a time server that was asked: Server, Ms, the
// milliseconds that it is ahead of this clock, and Stratum.
const FactClockOffset = "offset"

// Kerberos refuses tickets at 300 s.
var timeParameters = []Parameter{{"warn_seconds", "5"}, {"fail_seconds", "60"}}

// offsetSteps are the seconds that a failure tells, because each new value is
// reported; the facts are exact.
var offsetSteps = [...]uint64{86400, 3600, 300, 60, 5}

// judgeOffset fails a clock that was measured and is wrong. Measured is also true
// for one that is right, and then there is no verdict yet.
func judgeOffset(d *definition, f Facts, p Parameters, v *Verdict) (measured, wrong bool) {
	answer := row(f.text(FactClockOffset))
	ms, err := strconv.ParseInt(answer.text("Ms"), 10, 64)
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
	v.fail(severity, "The clock is wrong, compared with "+answer.text("Server")+".")
	return true, true
}
