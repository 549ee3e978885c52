package check

import (
	"strconv"
	"strings"
)

// FactVolume repeats: "<total bytes> <free bytes> <mount point>", the system
// volume first. Free is what an ordinary process may still use.
const FactVolume = "volume"

// FactVolumeLow has the form of FactVolume, for a volume that had less free space
// and has not gained enough since to be out of a shortage: readers remember, so
// that a volume at the limit does not report at every run.
const FactVolumeLow = "volume_low"

var diskParameters = []Parameter{
	{"critical_percent", "5"},
	{"high_percent", "10"},
	// A volume with this much free passes whatever the percentage: 10 % of a 4 TB
	// disk is no shortage.
	{"enough_mb", "51200"},
	// Recovery and firmware volumes are small and full by design; the system
	// volume counts at any size.
	{"ignore_below_mb", "1024"},
}

type volume struct {
	total, free uint64
	mount       string
}

func parseVolume(value string) (volume, bool) {
	total, rest, _ := strings.Cut(value, " ")
	free, mount, _ := strings.Cut(rest, " ")
	t, err1 := strconv.ParseUint(total, 10, 64)
	f, err2 := strconv.ParseUint(free, 10, 64)
	return volume{t, f, mount}, err1 == nil && err2 == nil && t > 0 && f <= t && mount != ""
}

// percent is the free share, rounded down. Divided first where the product
// would overflow.
func (v volume) percent() uint64 {
	if v.total >= 1<<56 {
		return v.free / (v.total / 100)
	}
	return v.free * 100 / v.total
}

// diskLimits are the parameters as numbers.
type diskLimits struct{ critical, high, enough, ignore uint64 }

func judgeDisk(d *definition, f Facts, p Parameters, v *Verdict) {
	limits := diskLimits{
		d.number(p, "critical_percent"), d.number(p, "high_percent"),
		d.number(p, "enough_mb"), d.number(p, "ignore_below_mb"),
	}
	v.Expected = "at least " + strconv.FormatUint(limits.high, 10) + " % or " +
		strconv.FormatUint(limits.enough, 10) + " MB free"
	worst, severity, judged, unread := limits.worst(f, FactVolume)
	if !judged {
		v.unknown("No volume's size could be read.")
		return
	}
	reason := " is nearly full."
	// The lower mark of a volume is there beside the volume itself, so it is never
	// the one that is judged first.
	if low, worse, there, _ := limits.worst(f, FactVolumeLow); there && rank(worse) > rank(severity) {
		worst, severity, reason = low, worse, " was nearly full and has not gained enough since."
		for _, fact := range f {
			if now, ok := parseVolume(fact.Value); ok && fact.Name == FactVolume && now.mount == low.mount {
				worst = now
			}
		}
	}
	percent := worst.percent()
	if severity == "" {
		// In steps, because each new value is reported; the facts are exact.
		percent -= percent % 5
	}
	v.Actual = worst.mount + " has " + strconv.FormatUint(percent, 10) + " % free"
	switch {
	case severity != "":
		v.fail(severity, "Volume "+worst.mount+reason)
	case unread:
		v.unknown("A volume's size could not be read.")
	default:
		v.pass("Every volume has room.")
	}
}

// worst is the volume that is worst off; unread tells that some volume, such as
// a locked one, could not be read.
func (l *diskLimits) worst(f Facts, name string) (worst volume, severity string, judged, unread bool) {
	for _, fact := range f {
		if fact.Name != name {
			continue
		}
		vol, ok := parseVolume(fact.Value)
		if !ok {
			unread = true
			continue
		}
		if judged && vol.total>>20 < l.ignore {
			continue
		}
		s := l.severity(vol)
		if !judged || rank(s) > rank(severity) || (s == severity && vol.percent() < worst.percent()) {
			worst, severity = vol, s
		}
		judged = true
	}
	return worst, severity, judged, unread
}

func (l *diskLimits) severity(v volume) string {
	switch percent := v.percent(); {
	case v.free>>20 >= l.enough || percent >= l.high:
		return ""
	case percent < l.critical:
		return Critical
	}
	return High
}

// rank orders severities, worst highest.
func rank(severity string) int {
	switch severity {
	case Critical:
		return 4
	case High:
		return 3
	case Medium:
		return 2
	case Low:
		return 1
	}
	return 0
}
