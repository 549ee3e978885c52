package check

import "strconv"

// Facts of screen_lock on a Mac, of the user whose session has the screen.
const (
	// FactLockDelay is for how many seconds after the screen went dark no password
	// is asked for, or "off" when none ever is.
	FactLockDelay = "lock_delay_s"
	// FactSaverIdle is after how many seconds the screen saver starts, 0 for never,
	// or "unset" when nobody has set it.
	FactSaverIdle = "saver_idle_s"
	// FactDisplaySleep repeats, for battery and mains: after how many minutes the
	// display sleeps, 0 for never.
	FactDisplaySleep = "display_sleep_min"
)

// judgeMacLock: whichever comes first, screen saver or the display's sleep, and
// then the delay. Of several power sources the slowest counts. What nobody has
// set is the system's default, which locks no screen in time that we could name.
func judgeMacLock(f Facts, limit uint64, v *Verdict) {
	delay, known := parseNumber(f.text(FactLockDelay))
	saver, set := parseNumber(f.text(FactSaverIdle))
	display, read := f.displaySleep()
	dark := saver
	if saver == 0 || (display != 0 && display < saver) {
		dark = display
	}
	seconds := strconv.FormatUint(dark+delay, 10)
	v.Actual = "locks within " + seconds + " seconds"
	switch {
	case f.text(FactLockDelay) == "off":
		v.Actual = "asks for no password"
		v.fail(Medium, "The screen of the user at this Mac comes back without a password.")
	case !known || (!set && f.text(FactSaverIdle) != "unset") || !read:
		v.Actual = ""
		v.unknown("When the screen locks could not be read.")
	case dark == 0:
		v.Actual = "never locks"
		v.fail(Medium, "Neither screen saver nor display sleep are set to start on an idle Mac.")
	case dark+delay > limit:
		v.Actual = "locks too late"
		v.fail(Medium, "An idle session stays open for "+seconds+" seconds.")
	default:
		v.pass("The screen of the user at this Mac locks in time.")
	}
}

// displaySleep is when the display sleeps on the power source that is slowest, in
// seconds, 0 for never.
func (f Facts) displaySleep() (seconds uint64, read bool) {
	never := false
	for _, fact := range f {
		if fact.Name != FactDisplaySleep {
			continue
		}
		minutes, ok := parseNumber(fact.Value)
		if !ok || minutes > 1<<20 {
			return 0, false
		}
		never, read = never || minutes == 0, true
		seconds = max(seconds, minutes*60)
	}
	if never {
		seconds = 0
	}
	return seconds, read
}
