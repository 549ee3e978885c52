package check

import (
	"strconv"
	"strings"
	"time"
)

// Facts of patches on Windows, beside the host's.
const (
	// FactPendingUpdate is first a row "Searched=<day>", then a row for each pending
	// update: KB or ID, Security (1 or 0), Severity, Published, Downloaded.
	FactPendingUpdate = "update"
	// FactHotfix is a row for each installed component update: HotFixID, InstalledOn.
	FactHotfix = "hotfix"
	// FactDate is the day of the reading in UTC, 2026-11-22.
	FactDate = "date"
)

// Ends of support are those of learn.microsoft.com/lifecycle, read 2026-11-22; a
// policy with extended updates, or with the longer support of IoT editions, names
// later days.
var patchesParameters = []Parameter{
	{"max_pending_days", "30"},
	{"max_age_days", "45"},
	{"support_home_pro", "19045=2025-10-14,22000=2023-10-10,22621=2024-10-08,22631=2025-11-11,26100=2026-10-13,26200=2027-10-12"},
	{"support_enterprise", "19045=2025-10-14,22000=2024-10-08,22621=2025-10-14,22631=2026-11-10,26100=2027-10-12,26200=2028-10-10"},
	{"support_server", "14393=2027-01-12,17763=2029-01-09,20348=2031-10-14,25398=2025-10-24,26100=2034-10-10"},
	{"support_ltsc", "10240=2025-10-14,14393=2026-10-13,17763=2029-01-09,19044=2027-01-12,26100=2029-10-09"},
}

// judgePatches: a supported build, no security update that waits too long, and
// something installed lately. MsrcSeverity is empty on cumulative updates, so the
// category counts. Only a finished search can pass; what else is known can fail.
func judgePatches(d *definition, f Facts, p Parameters, v *Verdict) {
	v.Expected = "no security update older than " + d.get(p, "max_pending_days") + " days waits"
	today := parseDay(f.text(FactDate))
	searched, dated, late, pending, newest := false, true, "", 0, 0
	var r Facts
	for i := 0; f.next(FactPendingUpdate, &i, &r); {
		if day := parseDay(r.text("Searched")); day != 0 {
			searched = age(today, day) <= int(d.number(p, "max_age_days"))
		}
		if r.text("Security") != "1" {
			continue
		}
		pending++
		published := parseDay(r.text("Published"))
		dated = dated && published != 0 && published <= today+1
		if age(today, published) > int(d.number(p, "max_pending_days")) {
			late = join(late, or(r.text("KB"), r.text("ID")))
		}
	}
	for i := 0; f.next(FactHotfix, &i, &r); {
		newest = max(newest, installedOn(r.text("InstalledOn")))
	}
	end := d.endOfSupport(f, p)
	switch {
	case today == 0:
		v.end("U||The state of the updates could not be read.", "")
	case end == tooOld:
		v.end("C|support ended|Microsoft no longer supports this version of Windows.", "")
	case parseDay(end) != 0 && today > parseDay(end):
		v.end("C|support ended %|Microsoft ended the support of this version of Windows on %.", end)
	case late != "":
		v.end("H|waiting: %|Security updates wait for too long: %.", late)
	case newest != 0 && age(today, newest) > int(d.number(p, "max_age_days")):
		v.end("M|nothing installed for long|No update was installed in the last % days.", d.get(p, "max_age_days"))
	case !searched:
		v.end("U||Windows Update's search for updates has no result yet.", "")
	case !dated || newest > today+1:
		v.end("U||The age of the updates cannot be told: a date is missing or the clock is behind it.", "")
	case end == notListed:
		v.end("U||Until when Microsoft supports this version of Windows is not known here.", "")
	case pending > 0:
		v.end("P|recent updates wait|Security updates wait, none for too long.", "")
	default:
		v.end("P|up to date|No security update waits.", "")
	}
}

// What endOfSupport says of a build that has no day.
const (
	tooOld    = "-" // older than all of its list
	notListed = "?" // between two, or not read
)

// endOfSupport is the day of this build and edition; empty for a build newer than
// all of its list, which outlives the list.
func (d *definition) endOfSupport(f Facts, p Parameters) string {
	edition, list := f.text(FactEdition), "support_enterprise"
	switch {
	case f.text(FactProductType) != productWorkstation:
		list = "support_server"
	case strings.HasPrefix(edition, editionHome) || strings.HasPrefix(edition, "Professional"):
		list = "support_home_pro"
	case strings.Contains(edition, "EnterpriseS"): // IoTEnterpriseS too
		list = "support_ltsc"
	}
	build, _ := f.count(FactBuild)
	answer := tooOld
	for _, entry := range strings.Split(d.get(p, list), ",") {
		listed, end, _ := strings.Cut(entry, "=")
		switch n, _ := parseNumber(listed); {
		case build == 0:
			answer = notListed
		case n == build:
			return end
		case n < build:
			answer = ""
		case answer == "":
			answer = notListed
		}
	}
	return answer
}

// parseDay counts days since 1970 of a text that begins with a date; 0 for none.
func parseDay(text string) int {
	if len(text) < len(time.DateOnly) {
		return 0
	}
	t, err := time.Parse(time.DateOnly, text[:len(time.DateOnly)])
	if err != nil {
		return 0
	}
	return int(t.Unix() / 86400)
}

// age is in days; 0 when either day is not known.
func age(today, day int) int {
	if day == 0 {
		return 0
	}
	return today - day
}

// filetimeEpoch is 1970 in FILETIME's units of 100 ns since 1601.
const filetimeEpoch = 116444736000000000

// installedOn reads what Win32_QuickFixEngineering has: month/day/year, sometimes
// a FILETIME in hexadecimal, sometimes nothing.
func installedOn(text string) int {
	if part := strings.Split(text, "/"); len(part) == 3 {
		for i := range 2 {
			if len(part[i]) == 1 {
				part[i] = "0" + part[i]
			}
		}
		return parseDay(part[2] + "-" + part[0] + "-" + part[1])
	}
	if len(text) != 16 {
		return 0
	}
	n, err := strconv.ParseUint(text, 16, 63)
	if err != nil || n < filetimeEpoch {
		return 0
	}
	return int((n - filetimeEpoch) / (86400 * 1e7))
}
