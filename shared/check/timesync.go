package check

// Facts of time_sync.
const (
	FactClockUnsynchronised = "unsynchronised" // yes or no: the kernel's STA_UNSYNC
	FactClockMaxError       = "max_error_us"   // the kernel's bound of its error
)

func timeSync() definition {
	return definition{
		id: TimeSync, judge: judgeTime,
		facts: []string{FactClockUnsynchronised, FactClockMaxError},
	}
}

// judgeTime uses the flag alone: the error bound grows between two polls of a
// healthy daemon, so as a value it would change at every run.
func judgeTime(_ definition, f Facts, _ Parameters) Verdict {
	v := Verdict{Expected: "synchronised"}
	switch flag, _ := f.Get(FactClockUnsynchronised); flag {
	case "no":
		v.Status, v.Actual, v.Reason = Pass, "synchronised", "The clock is kept by a time source."
	case "yes":
		v.Status, v.Severity, v.Actual = Fail, Medium, "not synchronised"
		v.Reason = "No time source keeps the clock."
	default:
		v.Status, v.Reason = Unknown, "The clock's state could not be read."
	}
	return v
}
