package check

import "strconv"

// FactClockOffset is a row about a time server that was asked: Server, Ms, the
// milliseconds that it is ahead of this clock, and Stratum.
const FactClockOffset = "offset"

// Kerberos refuses tickets at 300 s.
var timeParameters = []Parameter{{"warn_seconds", "5"}, {"fail_seconds", "60"}}

// judgeOffset fails a clock that was measured and is wrong. Measured is also true
// for one that is right, and then there is no verdict yet. A failure tells the
// power of ten, because each new value is reported; the facts are exact.
func judgeOffset(d *definition, f Facts, p Parameters, v *Verdict) (measured, wrong bool) {
	answer := f.row(FactClockOffset)
	ms, err := strconv.ParseInt(answer.text("Ms"), 10, 64)
	if err != nil {
		return false, false
	}
	off := uint64(max(ms, -ms)) / 1000
	warn, limit := d.number(p, "warn_seconds"), d.number(p, "fail_seconds")
	step := max(min(warn, limit), 1)
	if off < step {
		return true, false
	}
	v.Expected = "off by less than " + decimal(step) + " s"
	for off/10 >= step {
		step *= 10
	}
	ending := "M|off by % s or more|The clock is wrong, compared with "
	if off >= limit {
		ending = "H" + ending[1:]
	}
	v.end(ending+answer.text("Server")+".", decimal(step))
	return true, true
}
