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

// parseVolume gives nil for what is none, such as a locked volume's size of 0.
func parseVolume(value string) *volume {
	total, rest, _ := strings.Cut(value, " ")
	free, mount, _ := strings.Cut(rest, " ")
	v := &volume{mount: mount}
	var err1, err2 error
	v.total, err1 = strconv.ParseUint(total, 10, 64)
	v.free, err2 = strconv.ParseUint(free, 10, 64)
	if err1 != nil || err2 != nil || v.total == 0 || v.free > v.total || mount == "" {
		return nil
	}
	return v
}

// percent is the free share, rounded down. Divided first where the product
// would overflow.
func (v *volume) percent() uint64 {
	if v.total >= 1<<56 {
		return v.free / (v.total / 100)
	}
	return v.free * 100 / v.total
}

// diskLimits are the parameters as numbers.
type diskLimits struct{ critical, high, enough, ignore uint64 }

// shortage is the volume that is worst off, nil if none could be judged; unread
// tells that some volume could not be read.
type shortage struct {
	volume   *volume
	severity string
	unread   bool
}

func judgeDisk(d *definition, f Facts, p Parameters, v *Verdict) {
	limits := &diskLimits{
		d.number(p, "critical_percent"), d.number(p, "high_percent"),
		d.number(p, "enough_mb"), d.number(p, "ignore_below_mb"),
	}
	v.Expected = "at least " + decimal(limits.high) + " % or " + decimal(limits.enough) + " MB free"
	now, low := limits.worst(f, FactVolume), limits.worst(f, FactVolumeLow)
	worst, severity, reason := now.volume, now.severity, " is nearly full."
	if worst == nil {
		v.unknown("No volume's size could be read.")
		return
	}
	// The lower mark of a volume is there beside the volume itself, so it is never
	// the one that is judged first.
	if low.volume != nil && rank(low.severity) > rank(severity) {
		worst, severity, reason = low.volume, low.severity, " was nearly full and has not gained enough since."
		for i := range f {
			if now := parseVolume(f[i].Value); f[i].Name == FactVolume && now != nil && now.mount == low.volume.mount {
				worst = now
			}
		}
	}
	percent := worst.percent()
	if severity == "" {
		// In steps, because each new value is reported; the facts are exact.
		percent -= percent % 5
	}
	v.Actual = worst.mount + " has " + decimal(percent) + " % free"
	switch {
	case severity != "":
		v.fail(severity, "Volume "+worst.mount+reason)
	case now.unread:
		v.unknown("A volume's size could not be read.")
	default:
		v.pass("Every volume has room.")
	}
}

func (l *diskLimits) worst(f Facts, name string) *shortage {
	w := &shortage{}
	for i := range f {
		if f[i].Name != name {
			continue
		}
		vol := parseVolume(f[i].Value)
		if vol == nil {
			w.unread = true
			continue
		}
		if w.volume != nil && vol.total>>20 < l.ignore {
			continue
		}
		s := l.severity(vol)
		if w.volume == nil || rank(s) > rank(w.severity) || (s == w.severity && vol.percent() < w.volume.percent()) {
			w.volume, w.severity = vol, s
		}
	}
	return w
}

func (l *diskLimits) severity(v *volume) string {
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
