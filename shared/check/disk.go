package check

import (
	"strconv"
	"strings"
)

// FactVolume repeats: "<total bytes> <free bytes> <mount point>", the system
// volume first. Free is what an ordinary process may still use.
const FactVolume = "volume"

func diskSpace() definition {
	return definition{
		id: DiskSpace, facts: []string{FactVolume}, judge: judgeDisk,
		parameters: []Parameter{
			{"critical_percent", "5"},
			{"high_percent", "10"},
			// A volume with this much free passes whatever the percentage: 10 % of
			// a 4 TB disk is no shortage.
			{"enough_mb", "51200"},
			// Recovery and firmware volumes are small and full by design; the
			// system volume counts at any size.
			{"ignore_below_mb", "1024"},
		},
	}
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

func judgeDisk(d definition, f Facts, p Parameters) Verdict {
	critical, high := d.number(p, "critical_percent"), d.number(p, "high_percent")
	enough, ignore := d.number(p, "enough_mb"), d.number(p, "ignore_below_mb")
	v := Verdict{
		Status:   Pass,
		Expected: "at least " + strconv.FormatUint(high, 10) + " % or " + strconv.FormatUint(enough, 10) + " MB free",
	}
	judged, unread := 0, 0
	var worst volume
	for _, fact := range f {
		if fact.Name != FactVolume {
			continue
		}
		vol, ok := parseVolume(fact.Value)
		if !ok { // such as a locked BitLocker volume
			unread++
			continue
		}
		if judged > 0 && vol.total>>20 < ignore {
			continue
		}
		severity := ""
		if pct := vol.percent(); vol.free>>20 < enough && pct < high {
			severity = High
			if pct < critical {
				severity = Critical
			}
		}
		if judged == 0 || rank(severity) > rank(v.Severity) ||
			(severity == v.Severity && vol.percent() < worst.percent()) {
			worst, v.Severity = vol, severity
		}
		judged++
	}
	if judged == 0 {
		v.Status, v.Reason = Unknown, "No volume's size could be read."
		return v
	}
	v.Actual = worst.mount + " has " + strconv.FormatUint(worst.percent(), 10) + " % free"
	v.Reason = "Every volume has room."
	if unread > 0 {
		v.Status, v.Reason = Unknown, "A volume's size could not be read."
	}
	if v.Severity != "" {
		v.Status, v.Reason = Fail, "Volume "+worst.mount+" is nearly full."
	}
	return v
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
