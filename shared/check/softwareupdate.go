package check

import (
	"strconv"
	"strings"
)

// Facts of xprotect.
const (
	FactXProtectVersion = "version"           // of the malware rules
	FactXProtectAge     = "age_days"          // since these rules were installed
	FactConfigData      = "ConfigDataInstall" // 0: rules are not updated; absent: macOS updates them
	FactMalwareProduct  = "product"           // repeats: another protection whose service is loaded
)

// Facts of software_update. The names with capitals are macOS's own keys: 1, 0,
// or absent, which means the system's default and not off.
const (
	FactMacVersion   = "os_version"      // as sw_vers gives it
	FactUpdatesSeen  = "last_check_days" // since the last successful search
	FactUpdateName   = "update_name"     // repeats: an update found then; installed ones may stay on the list
	FactUpdateOffer  = "offer"           // repeats: the end of a release's identifier, and for how many days it was offered
	FactCheckEnabled = "AutomaticCheckEnabled"
	FactCritical     = "CriticalUpdateInstall"
)

var (
	// Apple has released rules about weekly since 2025. With require_product = yes
	// the protection that is built in does not suffice.
	xprotectParameters = []Parameter{{"max_age_days", "45"}, {"require_product", "no"}}

	updateParameters = []Parameter{
		// Apple names no end of support; by its practice the three newest versions
		// are updated, since September 2026 those are 15, 26 and 27.
		{"oldest_version", "15"},
		{"grace_days", "14"},
		{"max_check_days", "14"},
	}
)

// overdue adds the fact "major", the running version, and as "overdue" the newest
// release of it that macOS has offered, when the oldest that is not installed has
// waited too long: each release takes the place of the one before, and of the next
// major version, an upgrade, nothing is asked.
func (f *Facts) overdue(grace uint64) {
	version := f.text(FactMacVersion)
	major, ok := parseNumber(before(version, "."))
	if !ok {
		return
	}
	f.Add("major", before(version, "."))
	newest, waited := version, uint64(0)
	for _, fact := range *f {
		id, age, _ := strings.Cut(fact.Value, " ") // 25G229_patch_26.7_minor 68
		_, patch, _ := strings.Cut(id, "_patch_")
		offered := before(patch, "_")
		days, known := parseNumber(age)
		if fact.Name != FactUpdateOffer || !known || !newer(offered, version, major) {
			continue
		}
		waited = max(waited, days)
		if compareVersions(offered, newest) > 0 {
			newest = offered
		}
	}
	if waited > grace {
		f.Add("overdue", "macOS "+newest)
	}
}

// newer tells whether offered is a later release of the running major version.
func newer(offered, version string, major uint64) bool {
	number, ok := parseNumber(before(offered, "."))
	return ok && number == major && compareVersions(offered, version) > 0
}

func before(s, separator string) string {
	s, _, _ = strings.Cut(s, separator)
	return s
}

func parseNumber(s string) (uint64, bool) {
	n, err := strconv.ParseUint(s, 10, 63)
	return n, err == nil
}
