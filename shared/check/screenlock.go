package check

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

// An idle console locks in time, for everybody who is logged on. A limit of the
// machine counts for all; else each person needs a screen saver that is on, asks
// for the password and starts in time, where policy wins over their own choice. A
// missing or zero time never locks. Seconds are the machine's own limit.
const screenLockRulings = `locks within {$max_idle_seconds} seconds
-owner|unknown||The screen lock's settings could not be read.
DisableLockWorkstation=1|+defeated|yes
for lock
DisableLockWorkstation=1|+defeated|yes
end
seconds>max_idle_seconds|+slow|yes
seconds&-slow|+machine|yes
for policy
ScreenSaveActive|+saver set|{Sid}
ScreenSaveActive=1|+on|{Sid}
ScreenSaveActive=0|+off|{Sid}
ScreenSaveTimeOut|+time set|{Sid}
ScreenSaveTimeOut>0|+timed|{Sid}
ScreenSaveTimeOut>max_idle_seconds|+late|{Sid}
ScreenSaverIsSecure|+password set|{Sid}
ScreenSaverIsSecure=1|+secure|{Sid}
end
for preference
|+people|yes
saver set!{Sid}&ScreenSaveActive=1|+on|{Sid}
saver set!{Sid}&ScreenSaveActive=0|+off|{Sid}
time set!{Sid}&ScreenSaveTimeOut>0|+timed|{Sid}
time set!{Sid}&ScreenSaveTimeOut>max_idle_seconds|+late|{Sid}
password set!{Sid}&ScreenSaverIsSecure=1|+secure|{Sid}
off={Sid}|+open|screen saver off
off={Sid}|next
machine|next
on!{Sid}|+open|never locks
on!{Sid}|next
timed!{Sid}|+open|never locks
timed!{Sid}|next
late={Sid}|+open|locks too late
late={Sid}|next
secure!{Sid}|+open|asks for no password
end
defeated|medium|locking is disabled|A policy takes away the locking of the computer.
open|medium|{open}|An idle session of somebody who is logged on stays open: {open}.
machine|pass|locks within {seconds} seconds|Windows locks an idle console for everybody.
-people&-seconds|unknown||Nobody is logged on, and the computer itself has no limit.
-people|medium|locks within {seconds} seconds|The computer's own limit is too long.
|pass|locks in time|The screen of everybody who is logged on locks in time.`

func judgeScreenLock(d *definition, f Facts, p Parameters, v *Verdict) {
	if _, mac := f.Get(FactLockDelay); judgesMac && mac {
		judgeMac(d, f, p, v)
		return
	}
	if !judgesWindows {
		v.unknown("The screen lock's settings could not be read.")
		return
	}
	if seconds := idleSeconds(f); seconds > 0 {
		f = append(f[:len(f):len(f)], Fact{"seconds", decimal(seconds)})
	}
	d.rule(screenLockRulings, f, p, v)
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
