package check

import "strconv"

// FactLockoutRules is a row of what NetUserModalsGet gives: Threshold, the wrong
// passwords (0 never locks), Duration and Window in seconds.
const FactLockoutRules = "lockout_rules"

var lockoutParameters = []Parameter{
	{"max_threshold", "10"}, // PCI DSS 4: at most 10
	{"min_duration_minutes", "15"},
}

func judgeLockout(d *definition, f Facts, p Parameters, v *Verdict) {
	most, minutes := d.number(p, "max_threshold"), d.number(p, "min_duration_minutes")
	v.Expected = "locked after at most " + strconv.FormatUint(most, 10) + " wrong passwords for " +
		strconv.FormatUint(minutes, 10) + " minutes"
	rules := row(f.text(FactLockoutRules))
	threshold, ok := rules.count("Threshold")
	duration, ok2 := rules.count("Duration")
	if !ok || !ok2 {
		v.unknown("The lockout policy could not be read.")
		return
	}
	whose := accountsOf(f)
	if threshold == 0 {
		v.Actual = "never locked"
		v.fail(Medium, "Passwords can be guessed without end for "+whose+".")
		return
	}
	v.Actual = "locked after " + strconv.FormatUint(threshold, 10) + " wrong passwords "
	if duration == forever {
		v.Actual += "until an administrator unlocks"
	} else {
		v.Actual += "for " + strconv.FormatUint(duration/60, 10) + " minutes"
	}
	switch {
	case threshold > most:
		v.fail(Low, "Too many wrong passwords are allowed for "+whose+".")
	case duration < minutes*60:
		v.fail(Low, "The lock is lifted too soon for "+whose+".")
	default:
		v.pass("Guessing passwords locks the account for " + whose + ".")
	}
}
