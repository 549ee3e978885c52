package check

// Facts of time_sync.
const (
	FactClockUnsynchronised = "unsynchronised" // yes or no: the kernel's STA_UNSYNC
	FactClockMaxError       = "max_error_us"   // the kernel's bound of its error
	// FactClockDaemon is yes or no: whether a program that keeps the clock runs. The
	// flag stays as it was for 9 hours after that ended. Agents do not tell.
	FactClockDaemon = "daemon"
)

// judgeTime uses the flag and not the error: its bound grows between two polls of a
// healthy daemon, so as a value it would change at every run.
func judgeTime(d *definition, f Facts, p Parameters, v *Verdict) {
	measured, wrong := judgeOffset(d, f, p, v)
	if wrong {
		return
	}
	if judgesWindows && f.text(FactDomainRole) != "" {
		if measured {
			f = append(f[:len(f):len(f)], Fact{"measured", "yes"})
		}
		d.rule(windowsTimeRulings, f, p, v)
		return
	}
	if _, mac := f.Get(FactMacState); judgesMac && mac {
		judgeMac(d, f, p, v)
		return
	}
	v.Expected = "synchronised"
	switch flag, _ := f.Get(FactClockUnsynchronised); {
	case !judgesLinux:
		v.unknown("The clock's state could not be read.")
	case f.text(FactClockDaemon) == "no":
		v.Actual = "no time daemon runs"
		v.fail(Medium, "Nothing keeps the clock: no time daemon runs.")
	case flag == "no":
		v.Actual = "synchronised"
		v.pass("The clock is kept by a time source.")
	case flag == "yes":
		v.Actual = "not synchronised"
		v.fail(Medium, "No time source keeps the clock.")
	default:
		v.unknown("The clock's state could not be read.")
	}
}
