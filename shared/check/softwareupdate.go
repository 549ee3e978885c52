package check

import (
	"strconv"
	"strings"
)

// Facts of software_update. The names with capitals are macOS's own keys: 1, 0,
// or absent, which means the system's default and not off.
const (
	FactMacVersion   = "os_version"      // as sw_vers gives it
	FactUpdatesSeen  = "last_check_days" // since the last successful search
	FactMacUpdate    = "update"          // repeats: a row of Name, Version, Identifier of an update found then
	FactUpdateOffer  = "offer"           // repeats: a row of Identifier and Days since it was first offered
	FactCheckEnabled = "AutomaticCheckEnabled"
	FactCritical     = "CriticalUpdateInstall"
)

var (
	updateFacts = []string{
		FactMacVersion, FactUpdatesSeen, FactMacUpdate, FactUpdateOffer, FactOwner, FactCheckEnabled, FactCritical,
		FactConfigData, "AutomaticDownload", "AutomaticallyInstallMacOSUpdates",
	}
	updateParameters = []Parameter{
		// Apple names no end of support; by its practice the three newest versions
		// are updated, since September 2026 those are 15, 26 and 27.
		{"oldest_version", "15"},
		{"grace_days", "14"},
		{"max_check_days", "14"},
	}
)

func judgeUpdate(d *definition, f Facts, p Parameters, v *Verdict) {
	oldest, grace := d.number(p, "oldest_version"), d.get(p, "grace_days")
	v.Expected = "macOS " + strconv.FormatUint(oldest, 10) + " or newer, nothing offered for more than " + grace + " days"
	version := f.text(FactMacVersion)
	major, known := parseNumber(before(version, "."))
	if !known {
		v.unknown("The version of macOS could not be read.")
		return
	}
	seen, searched := parseNumber(f.text(FactUpdatesSeen))
	update, dated := f.overdue(major, version, d.number(p, "grace_days"))
	switch {
	case major < oldest:
		v.Actual = "macOS " + version
		v.fail(High, "macOS "+version+" gets no security updates any more.")
	case isOff(f.text(FactCheckEnabled)):
		v.Actual = "searching is off"
		v.fail(High, "This Mac does not look for updates by itself.")
	case isOff(f.text(FactCritical)) || isOff(f.text(FactConfigData)):
		v.Actual = "security responses are off"
		v.fail(Medium, "Security responses and system files are not installed by themselves.")
	case update != "":
		v.Actual = update + " is missing"
		v.fail(High, update+" has been offered for more than "+grace+" days and is not installed.")
		if !dated {
			v.fail(Low, update+" is offered and not installed.")
		}
	case !searched:
		v.unknown("It could not be read when this Mac last looked for updates.")
	case seen > d.number(p, "max_check_days"):
		v.Actual = "not searched lately"
		v.fail(Medium, "This Mac has not reached the update server for "+f.text(FactUpdatesSeen)+" days.")
	default:
		v.Actual = "up to date"
		v.pass("Updates are searched for, and none is overdue.")
	}
}

// overdue is the name of an update that closes holes in the system and has
// waited too long, or, when dated is false, for nobody knows how long. macOS
// leaves installed ones on its list (seen on 26), so what is not newer than the
// running system does not count; nor does the next major version, an upgrade.
func (f Facts) overdue(major uint64, version string, grace uint64) (name string, dated bool) {
	f.rows(FactMacUpdate, func(u Facts) {
		title, offered := u.text("Name"), u.text("Version")
		system := strings.HasPrefix(title, "macOS ")
		switch {
		case !system && !strings.HasPrefix(title, "Safari") && !strings.Contains(title, "Security"):
			return // development tools, printer drivers, fonts
		case system && !newer(offered, version, major):
			return
		}
		days, ok := f.waiting(system, u.text("Identifier"), version, major)
		if dated || (ok && days <= grace) {
			return
		}
		name, dated = title, ok
	})
	return name, dated
}

// waiting is for how many days macOS has offered an update; one of the system
// waits as long as the oldest that it replaces, for each release takes the place
// of the one before. ok is false when macOS does not say.
func (f Facts) waiting(system bool, identifier, version string, major uint64) (days uint64, ok bool) {
	f.rows(FactUpdateOffer, func(o Facts) {
		id := o.text("Identifier") // MSU_UPDATE_25G229_patch_26.7_minor
		_, patch, _ := strings.Cut(id, "_patch_")
		if id != identifier && (!system || !newer(before(patch, "_"), version, major)) {
			return
		}
		if n, known := parseNumber(o.text("Days")); known {
			days, ok = max(days, n), true
		}
	})
	return days, ok
}

// newer tells whether offered is a later release of the running major version.
func newer(offered, version string, major uint64) bool {
	number, ok := parseNumber(before(offered, "."))
	return ok && number == major && compareVersions(offered, version) > 0
}

// isOff reads a switch of macOS.
func isOff(value string) bool { return value == "0" }

func before(s, separator string) string {
	s, _, _ = strings.Cut(s, separator)
	return s
}

func parseNumber(s string) (uint64, bool) {
	n, err := strconv.ParseUint(s, 10, 63)
	return n, err == nil
}
