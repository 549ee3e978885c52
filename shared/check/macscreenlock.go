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

// screenTime adds the fact "seconds", after which an idle screen is locked, or
// "never", or neither when something could not be read. Whichever comes first of
// screen saver and display sleep, and then the delay; of several power sources
// the slowest counts. What nobody has set is the system's default, which locks no
// screen in time that we could name.
func (f *Facts) screenTime() {
	delay, known := parseNumber(f.text(FactLockDelay))
	saver, set := parseNumber(f.text(FactSaverIdle))
	display, never, read := uint64(0), false, false
	for _, fact := range *f {
		if fact.Name != FactDisplaySleep {
			continue
		}
		minutes, ok := parseNumber(fact.Value)
		known = known && ok && minutes < 1<<20
		read, never = true, never || minutes == 0
		display = max(display, minutes*60)
	}
	if never {
		display = 0
	}
	if saver == 0 || (display != 0 && display < saver) {
		saver = display
	}
	switch {
	case !known || !read || (!set && !f.has(FactSaverIdle, "unset")):
	case saver == 0:
		f.Add("never", "yes")
	default:
		f.Add("seconds", strconv.FormatUint(saver+delay, 10))
	}
}
