package catalog_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/shared/catalog"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// The twelve drift types of deployed sensors, with the severity and check_id
// they send. These are promises to sensors that cannot be changed any more.
var sensorContract = []struct {
	driftType, sensorID string
	check               check.ID
	severities          []string
}{
	{"firewall_disabled", "RB-WIN-FIREWALL-001", "firewall", []string{"critical"}},
	{"defender_stopped", "RB-WIN-AV-001", "defender", []string{"critical"}},
	{"spooler_running", "RB-WIN-SVC-001", "spooler", []string{"high"}},
	{"critical_service_stopped", "RB-WIN-SVC-002", "critical_services", []string{"critical", "high"}},
	{"low_disk_space", "RB-WIN-STOR-001", "disk_space", []string{"critical", "high"}},
	{"guest_account_enabled", "RB-WIN-SEC-002", "guest_account", []string{"high"}},
	{"smbv1_enabled", "RB-WIN-SEC-004", "smbv1", []string{"critical"}},
	{"pending_reboot", "RB-WIN-UPD-002", "pending_reboot", []string{"medium"}},
	{"audit_policy_disabled", "RB-WIN-SEC-005", "audit_policy", []string{"high"}},
	{"time_sync_failed", "RB-WIN-NET-002", "time_sync", []string{"high"}},
	{"weak_password_policy", "RB-WIN-SEC-003", "password_policy", []string{"medium"}},
	{"no_account_lockout", "RB-WIN-SEC-006", "account_lockout", []string{"medium"}},
}

func TestSensorDriftTypesFindTheirCheck(t *testing.T) {
	for _, want := range sensorContract {
		c, ok := catalog.FindDriftType(want.driftType)
		if !ok || c.ID != want.check {
			t.Errorf("FindDriftType(%s) = %s, %v; want %s", want.driftType, c.ID, ok, want.check)
			continue
		}
		if !slices.Equal(c.SensorCheckIDs, []string{want.sensorID}) {
			t.Errorf("%s: SensorCheckIDs = %v; want %s", c.ID, c.SensorCheckIDs, want.sensorID)
		}
		if !slices.Contains(want.severities, c.Severity) {
			t.Errorf("%s: Severity = %s; want one of %v", c.ID, c.Severity, want.severities)
		}
	}
}

func TestASensorsCheckIDLeadsNowhere(t *testing.T) {
	for _, s := range sensorContract {
		if c, ok := catalog.Find(check.ID(s.sensorID)); ok {
			t.Errorf("Find(%s) = %s; sensor ids collide with runbook ids and must not route", s.sensorID, c.ID)
		}
		if c, ok := catalog.FindDriftType(s.sensorID); ok {
			t.Errorf("FindDriftType(%s) = %s; want none", s.sensorID, c.ID)
		}
	}
}

func TestNoNameIsThereTwice(t *testing.T) {
	names, drifts, sensors := map[check.ID]check.ID{}, map[string]check.ID{}, map[string]check.ID{}
	for _, c := range catalog.Checks() {
		for _, name := range append([]check.ID{c.ID}, c.Aliases...) {
			if other, ok := names[name]; ok {
				t.Errorf("id or alias %s is of %s and of %s", name, other, c.ID)
			}
			names[name] = c.ID
		}
		if other, ok := drifts[c.DriftType]; ok {
			t.Errorf("drift type %s is of %s and of %s", c.DriftType, other, c.ID)
		}
		drifts[c.DriftType] = c.ID
		for _, id := range c.SensorCheckIDs {
			if other, ok := sensors[id]; ok {
				t.Errorf("sensor id %s is of %s and of %s", id, other, c.ID)
			}
			sensors[id] = c.ID
		}
	}
}

func TestEveryJudgedCheckIsInTheCatalogueWithItsParametersAndFacts(t *testing.T) {
	if len(check.All()) < 6 {
		t.Fatalf("check.All() = %v; want all of them", check.All())
	}
	for _, id := range check.All() {
		c, ok := catalog.Find(id)
		if !ok {
			t.Errorf("Find(%s) found nothing", id)
			continue
		}
		var got []check.Parameter
		for _, p := range c.Parameters {
			if p.Doc == "" {
				t.Errorf("%s: parameter %s has no text", id, p.Name)
			}
			got = append(got, check.Parameter{Name: p.Name, Default: p.Default})
		}
		if diff := cmp.Diff(check.Defaults(id), got); diff != "" {
			t.Errorf("%s: parameters differ from the judge's (-judge +catalogue):\n%s", id, diff)
		}
		for _, fact := range check.FactNames(id) {
			if _, ok := c.Facts[fact]; !ok {
				t.Errorf("%s: fact %s has no class", id, fact)
			}
		}
	}
}

var citation = regexp.MustCompile(`\A164\.3(08|10|12|14|16)(\([0-9a-zA-Z]+\))+\z`)

func TestEveryEntryIsComplete(t *testing.T) {
	for _, c := range catalog.Checks() {
		if c.Title == "" || c.Advice == "" || c.DriftType == "" || len(c.Platforms) == 0 {
			t.Errorf("%s: title, advice, drift type or platforms are missing: %+v", c.ID, c)
		}
		if !slices.Contains([]string{"critical", "high", "medium", "low"}, c.Severity) {
			t.Errorf("%s: severity %q", c.ID, c.Severity)
		}
		if c.Inventory != (len(c.Citations) == 0) {
			t.Errorf("%s: citations %v; exactly inventory has none", c.ID, c.Citations)
		}
		for _, text := range c.Citations {
			if !citation.MatchString(text) {
				t.Errorf("%s: citation %q is not like 164.312(b)", c.ID, text)
			}
		}
		// A check supports a safeguard; no text of ours may certify.
		for _, word := range []string{"compliant", "certif"} {
			if strings.Contains(strings.ToLower(c.Title+c.Advice), word) {
				t.Errorf("%s: title or advice says %q", c.ID, word)
			}
		}
	}
}

func TestPrimaryCitationsFollowTheText(t *testing.T) {
	for id, want := range map[check.ID]string{
		"firewall":          "164.312(a)(1)",
		"defender":          "164.308(a)(5)(ii)(B)",
		"spooler":           "164.308(a)(1)(ii)(B)",
		"smbv1":             "164.308(a)(1)(ii)(B)",
		"critical_services": "164.308(a)(1)(ii)(D)",
		"disk_space":        "164.308(a)(7)(i)",
		"guest_account":     "164.312(a)(2)(i)",
		"pending_reboot":    "164.308(a)(1)(ii)(B)",
		"patches":           "164.308(a)(1)(ii)(B)",
		"audit_policy":      "164.312(b)",
		"time_sync":         "164.312(b)",
		"password_policy":   "164.308(a)(5)(ii)(D)",
		"account_lockout":   "164.312(a)(1)",
		"bitlocker":         "164.312(a)(2)(iv)",
		"screenlock":        "164.312(a)(2)(iii)",
		"linux_firewall":    "164.312(a)(1)",
		"sshd_root_login":   "164.312(d)",
		"sysctl_hardening":  "164.308(a)(1)(ii)(B)",
		"filevault":         "164.312(a)(2)(iv)",
		"mac_firewall":      "164.312(a)(1)",
		"software_update":   "164.308(a)(1)(ii)(B)",
		"xprotect":          "164.308(a)(5)(ii)(B)",
	} {
		c, ok := catalog.Find(id)
		if !ok || c.Citations[0] != want {
			t.Errorf("Find(%s).Citations = %v; want %s first", id, c.Citations, want)
		}
	}
}

func TestRunbooksAndChecksNameEachOther(t *testing.T) {
	runbooks, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range catalog.Checks() {
		for platform, id := range c.Runbooks {
			r, err := runbooks.Get(id)
			if err != nil {
				t.Errorf("%s: %v", c.ID, err)
				continue
			}
			if !r.Heals(c.ID) || r.Platform != platform || !slices.Contains(c.Platforms, platform) {
				t.Errorf("%s on %s names %s, which heals %v on %s", c.ID, platform, r.ID, r.Checks, r.Platform)
			}
		}
		for _, platform := range c.Platforms {
			all := runbooks.For(c.ID, platform)
			if _, named := c.Runbooks[platform]; named != (len(all) > 0) {
				t.Errorf("%s on %s names a runbook: %v; the catalogue has %d for it", c.ID, platform, named, len(all))
			}
		}
	}
	for _, r := range runbooks.All() {
		for _, id := range r.Checks {
			if c, ok := catalog.Find(id); !ok || c.ID != id {
				t.Errorf("%s heals %s, which is no check's id", r.ID, id)
			}
		}
	}
}

// The one table from drift type to runbook (domain notes 10.2): none is missing, and
// over WinRM and SSH every check can be read. rmm_detection needs the list of
// signatures, which agents hold. On Linux patches is what old sensors say of
// updates; ours is linux_patches.
func TestEveryDriftTypeHasItsRunbookAndItsScript(t *testing.T) {
	runbooks, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, platform := range []string{"windows", "linux"} {
		for _, c := range catalog.Checks() {
			if !slices.Contains(c.Platforms, platform) || c.Inventory || platform == "linux" && c.ID == check.Patches {
				continue
			}
			if c.Runbooks[platform] == "" {
				t.Errorf("the drift type %s has no runbook on %s", c.DriftType, platform)
			}
			if _, err := runbooks.Texts().Facts(platform, c.ID); err != nil {
				t.Errorf("%s: %v", c.ID, err)
			}
		}
	}
	for _, platform := range []string{"windows", "linux"} {
		for _, id := range runbooks.Texts().Checks(platform) {
			if c, ok := catalog.Find(id); !ok || c.ID != id || !slices.Contains(c.Platforms, platform) {
				t.Errorf("the facts script of %s on %s is for no check there", id, platform)
			}
		}
	}
}

func TestAnUnlistedFactIsFreeText(t *testing.T) {
	c, _ := catalog.Find(check.DiskSpace)
	for fact, want := range map[string]string{check.FactVolume: "identifier", check.FactError: "free_text", "note": "free_text"} {
		if got := c.Class(fact).String(); got != want {
			t.Errorf("Class(%s) = %s; want %s", fact, got, want)
		}
	}
	var zero catalog.Class
	if zero != catalog.FreeText {
		t.Errorf("the zero class is %s; want free_text", zero)
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	if c, ok := catalog.Find("drift.firewall"); ok {
		t.Errorf("Find(drift.firewall) = %s", c.ID)
	}
	if c, ok := catalog.FindDriftType(""); ok {
		t.Errorf("FindDriftType(\"\") = %s", c.ID)
	}
	c, _ := catalog.Find(check.DiskSpace)
	if v, ok := c.Default("high_percent"); v != "10" || !ok {
		t.Errorf("Default(high_percent) = %q, %v; want 10", v, ok)
	}
	if v, ok := c.Default("none"); ok {
		t.Errorf("Default(none) = %q; want none", v)
	}
}
