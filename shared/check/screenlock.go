package check

import "strconv"

// Facts of screen_lock on Windows. Rows of people have Sid and the values that
// are set for them.
const (
	FactInactivity   = "InactivityTimeoutSecs"
	FactDeviceLock   = "MaxInactivityTimeDeviceLock" // minutes
	FactLockDisabled = "DisableLockWorkstation"
	FactScreenPolicy = "policy"     // a row for each person, what group policy sets
	FactScreenChoice = "preference" // a row for each person, what they set
	FactPersonsLock  = "lock"       // a row for each person: DisableLockWorkstation
)

var screenLockParameters = []Parameter{{"max_idle_seconds", "900"}}

// judgeScreenLock: an idle console locks in time, for everybody who is logged
// on. A limit of the machine counts for all; else each person needs a screen
// saver that is on, asks for the password and starts in time, where policy wins
// over their own choice. A missing or zero time never locks.
func judgeScreenLock(d *definition, f Facts, p Parameters, v *Verdict) {
	limit := d.number(p, "max_idle_seconds")
	v.Expected = "locks within " + strconv.FormatUint(limit, 10) + " seconds"
	if _, mac := f.Get(FactLockDelay); judgesMac && mac {
		judgeMac(d, f, p, v)
		return
	}
	if !judgesWindows || f.text(FactOwner) == "" {
		v.end("U||The screen lock's settings could not be read.", "")
		return
	}
	seconds := idleSeconds(f)
	machine := seconds > 0 && seconds <= limit
	own := strconv.FormatUint(seconds, 10)
	people, unlocked, defeated := 0, "", f.text(FactLockDisabled) == "1"
	var r Facts
	for i := 0; f.next(FactPersonsLock, &i, &r); {
		defeated = defeated || r.text(FactLockDisabled) == "1"
	}
	for i := 0; f.next(FactScreenChoice, &i, &r); people++ {
		// Policy first: the first value of a name counts.
		both := append(f.person(FactScreenPolicy, r.text("Sid")), r...)
		time, _ := parseNumber(both.text("ScreenSaveTimeOut"))
		switch active := both.text("ScreenSaveActive"); {
		case active == "0":
			unlocked = "screen saver off"
		case machine:
		case active != "1" || time == 0:
			unlocked = "never locks"
		case time > limit:
			unlocked = "locks too late"
		case both.text("ScreenSaverIsSecure") != "1":
			unlocked = "asks for no password"
		}
	}
	switch {
	case defeated:
		v.end("M|locking is disabled|A policy takes away the locking of the computer.", "")
	case unlocked != "":
		v.end("M|%|An idle session of somebody who is logged on stays open: %.", unlocked)
	case machine:
		v.end("P|locks within % seconds|Windows locks an idle console for everybody.", own)
	case people == 0 && seconds == 0:
		v.end("U||Nobody is logged on, and the computer itself has no limit.", "")
	case people == 0:
		v.end("M|locks within % seconds|The computer's own limit is too long.", own)
	default:
		v.end("P|locks in time|The screen of everybody who is logged on locks in time.", "")
	}
}

// idleSeconds is the machine's own limit, the shorter of two; 0 for none.
func idleSeconds(f Facts) uint64 {
	seconds, _ := parseNumber(f.text(FactInactivity))
	minutes, _ := parseNumber(f.text(FactDeviceLock))
	if mdm := minutes * 60; mdm > 0 && (seconds == 0 || mdm < seconds) {
		return mdm
	}
	return seconds
}

// person is the row of one person.
func (f Facts) person(name, sid string) (r Facts) {
	for i := 0; f.next(name, &i, &r); {
		if r.text("Sid") == sid {
			return r
		}
	}
	return nil
}
