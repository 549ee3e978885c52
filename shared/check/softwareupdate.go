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
	FactUpdateName   = "update_name"     // repeats, with the two that follow, for each update found then
	FactUpdateNumber = "update_version"
	FactUpdateID     = "update_id"
	FactUpdateOffer  = "offer" // repeats: the end of an identifier, and for how many days it was offered
	FactCheckEnabled = "AutomaticCheckEnabled"
	FactCritical     = "CriticalUpdateInstall"
)

var (
	xprotectFacts = []string{FactXProtectVersion, FactXProtectAge, FactConfigData, FactServicesListed, FactMalwareProduct}
	// Apple has released rules about weekly since 2025. With require_product = yes
	// the protection that is built in does not suffice.
	xprotectParameters = []Parameter{{"max_age_days", "45"}, {"require_product", "no"}}

	updateFacts = []string{
		FactMacVersion, FactUpdatesSeen, FactUpdateName, FactUpdateNumber, FactUpdateID, FactUpdateOffer, FactOwner,
		FactCheckEnabled, FactCritical,
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

// overdue adds the fact "major", the running version, and the name of an update
// that closes holes in the system: as "overdue" when it has waited too long, as
// "undated" when nobody knows for how long. macOS leaves installed ones on its
// list (seen on 26), so what is not newer than the running system does not count;
// nor does the next major version, an upgrade.
func (f *Facts) overdue(grace uint64) {
	version := f.text(FactMacVersion)
	major, ok := parseNumber(before(version, "."))
	if !ok {
		return
	}
	f.Add("major", before(version, "."))
	found, title, system := *f, "", false
	for _, fact := range found {
		switch fact.Name {
		case FactUpdateName:
			title = fact.Value
			system = strings.HasPrefix(title, "macOS ")
			if !system && !strings.HasPrefix(title, "Safari") && !strings.Contains(title, "Security") {
				title = "" // development tools, printer drivers, fonts
			}
		case FactUpdateNumber:
			if system && !newer(fact.Value, version, major) {
				title = ""
			}
		case FactUpdateID:
			if days, dated := found.waiting(system, fact.Value, version, major); title != "" && (!dated || days > grace) {
				outcome := "undated"
				if dated {
					outcome = "overdue"
				}
				f.Add(outcome, title)
			}
		}
	}
}

// waiting is for how many days macOS has offered an update; one of the system
// waits as long as the oldest that it replaces, for each release takes the place
// of the one before. ok is false when macOS does not say.
func (f Facts) waiting(system bool, identifier, version string, major uint64) (days uint64, ok bool) {
	for _, fact := range f {
		id, age, _ := strings.Cut(fact.Value, " ") // 25G229_patch_26.7_minor 68
		_, patch, _ := strings.Cut(id, "_patch_")
		if fact.Name != FactUpdateOffer || !strings.HasSuffix(identifier, id) && !(system && newer(before(patch, "_"), version, major)) {
			continue
		}
		if n, known := parseNumber(age); known {
			days, ok = max(days, n), true
		}
	}
	return days, ok
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
