package runbook_test

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// embedded is the catalogue, which never changes.
var embedded = sync.OnceValues(runbook.Load)

func load(t *testing.T) *runbook.Catalogue {
	t.Helper()
	c, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The seeds' 27 runbooks of Windows, screen lock as the 28th, and three of their
// later ones (domain notes 10.1), each with the runbook that does it.
var seeds = map[string]string{
	"RB-WIN-PATCH-001":      "windows.patches.review",
	"RB-WIN-AV-001":         "windows.defender.enable",
	"RB-WIN-BACKUP-001":     "windows.backup.run",
	"RB-WIN-LOGGING-001":    "windows.audit.enable",
	"RB-WIN-FIREWALL-001":   "windows.firewall.enable",
	"RB-WIN-ENCRYPTION-001": "windows.bitlocker.review",
	"RB-WIN-AD-001":         "windows.ad.review",
	"RB-WIN-AD-002":         "windows.secure_channel.review",
	"RB-WIN-SVC-001":        "windows.dns.start",
	"RB-WIN-SVC-002":        "windows.dhcp.start",
	"RB-WIN-SVC-003":        "windows.spooler.disable",
	"RB-WIN-SVC-004":        "windows.time.resync",
	"RB-WIN-SEC-001":        "windows.firewall.enable",
	"RB-WIN-SEC-002":        "windows.audit.enable",
	"RB-WIN-SEC-003":        "windows.lockout.review",
	"RB-WIN-SEC-004":        "windows.password.review",
	"RB-WIN-SEC-005":        "windows.bitlocker.resume",
	"RB-WIN-SEC-006":        "windows.defender.enable",
	"RB-WIN-NET-001":        "windows.dns_client.reset",
	"RB-WIN-NET-002":        "windows.network.review",
	"RB-WIN-NET-003":        "windows.network_profile.private",
	"RB-WIN-NET-004":        "windows.netbios.disable",
	"RB-WIN-STG-001":        "windows.disk.clean",
	"RB-WIN-STG-002":        "windows.vss.enable",
	"RB-WIN-STG-003":        "windows.volume.review",
	"RB-WIN-UPD-001":        "windows.update.repair",
	"RB-WIN-UPD-002":        "windows.wsus.reset",
	"RB-WIN-SEC-016":        "windows.screenlock.enable",
	"RB-WIN-SEC-020":        "windows.smbv1.disable",
	"RB-WIN-SEC-024":        "windows.guest.disable",
	"RB-WIN-SVC-005":        "windows.spooler.disable",
}

func TestEverySeedOfWindowsHasItsRunbook(t *testing.T) {
	got := map[string]string{}
	for _, r := range load(t).All() {
		for _, seed := range r.SeedIDs {
			if r.Platform == "windows" {
				got[seed] = r.ID
			}
		}
	}
	if diff := cmp.Diff(seeds, got); diff != "" {
		t.Errorf("the seeds' ids differ (-want +got):\n%s", diff)
	}
}

// What the seeds only tell a person of, and what would defeat its own purpose.
func TestWhatNeedsAPersonOnlyAlerts(t *testing.T) {
	want := []string{
		"windows.ad.review", "windows.bitlocker.review", "windows.lockout.review", "windows.network.review",
		"windows.password.review", "windows.patches.review", "windows.secure_channel.review", "windows.volume.review",
	}
	var got []string
	for _, r := range load(t).All() {
		if r.AlertOnly && r.Platform == "windows" {
			got = append(got, r.ID)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("alert-only runbooks differ (-want +got):\n%s", diff)
	}
}

func TestEveryRunbookOfWindowsHasARoadOverWinRM(t *testing.T) {
	for _, r := range load(t).All() {
		if r.Platform != "windows" {
			continue
		}
		if r.Roads.WinRM == nil {
			t.Errorf("%s has none", r.ID)
			continue
		}
		if !r.AlertOnly && r.Roads.WinRM.Remediate.Script == nil {
			t.Errorf("%s has no script", r.ID)
		}
	}
}

var (
	factWord   = regexp.MustCompile(`\b(Add-Fact -Name|(?:Add-\w+) -Fact) ('([^']*)'|\$\w+)`)
	ownerWord  = regexp.MustCompile(`\bAdd-Owner\b`)
	dynamicRow = regexp.MustCompile(`foreach \(\$kind in ([^)]*)\)`)
)

// A judge finds no fact that a script spells otherwise than the agent does.
func TestFactsScriptsGiveTheFactsOfTheirJudge(t *testing.T) {
	texts := load(t).Texts()
	for _, id := range texts.Checks("windows") {
		text, err := texts.Facts("windows", id)
		if err != nil {
			t.Fatal(err)
		}
		known := check.FactNames(id)
		var given []string
		for _, m := range factWord.FindAllStringSubmatch(text.Body, -1) {
			if m[3] != "" {
				given = append(given, m[3])
			}
		}
		if m := dynamicRow.FindStringSubmatch(text.Body); m != nil {
			for name := range strings.SplitSeq(m[1], ", ") {
				given = append(given, strings.Trim(name, "'"))
			}
		}
		if ownerWord.MatchString(text.Body) {
			given = append(given, check.FactOwner)
		}
		if len(given) == 0 && !strings.Contains(text.Body, "Add-HostFact") {
			t.Errorf("%s gives no facts", text.Path)
		}
		for _, name := range given {
			if !slices.Contains(known, name) {
				t.Errorf("%s gives the fact %s; the judge of %s knows %v", text.Path, name, id, known)
			}
		}
		if slices.Contains(known, check.FactDomainRole) != strings.Contains(text.Body, "Add-HostFact") {
			t.Errorf("%s gives the host's facts: %v", text.Path, strings.Contains(text.Body, "Add-HostFact"))
		}
	}
}

var thrown = regexp.MustCompile(`\bthrow '([^']+)'`)

// The lab refuses what the scripts refuse, word by word, and nothing else.
func TestSnapshotsDeclareWhereTheyGiveUp(t *testing.T) {
	for _, text := range load(t).Texts().All() {
		if text.Platform != "windows" || text.Kind != runbook.Snapshot {
			continue
		}
		var throws, declared []string
		for _, m := range thrown.FindAllStringSubmatch(text.Body, -1) {
			throws = append(throws, m[1])
		}
		for _, r := range text.Refuses {
			declared = append(declared, r.Because)
		}
		if n := strings.Count(text.Body, "throw "); n != len(throws) {
			t.Errorf("%s throws %d times, of which %d are plain texts", text.Path, n, len(throws))
		}
		slices.Sort(throws)
		slices.Sort(declared)
		if diff := cmp.Diff(slices.Compact(throws), slices.Compact(declared)); diff != "" {
			t.Errorf("%s gives up otherwise than it declares (-throws +declared):\n%s", text.Path, diff)
		}
	}
}

func TestAScanOfEveryCheckFitsIntoOneDocument(t *testing.T) {
	c := load(t)
	d, err := c.Scan("windows", c.Texts().Checks("windows")...)
	if err != nil {
		t.Fatal(err)
	}
	text, err := d.Windows()
	if err != nil || len(d.Parts) < 28 || len(text) > 256<<10 {
		t.Fatalf("the scan has %d parts and %d bytes (%v)", len(d.Parts), len(text), err)
	}
	if texts, err := c.Recognise(d); err != nil || len(texts) != len(d.Parts) {
		t.Errorf("Recognise = %d texts, %v", len(texts), err)
	}
}

func TestScriptsTakeThePolicysParametersOfTheirChecks(t *testing.T) {
	r, err := load(t).Get("windows.screenlock.enable")
	if err != nil {
		t.Fatal(err)
	}
	policy := func(value string) func(check.ID) check.Parameters {
		return func(check.ID) check.Parameters { return check.Facts{{Name: "max_idle_seconds", Value: value}}.Get }
	}
	for value, want := range map[string]string{"": "900", "300": "300"} {
		get := policy(value)
		if value == "" {
			get = nil
		}
		got, err := r.ForScripts(r.Roads.WinRM, nil, get)
		if err != nil || got["max_idle_seconds"] != want || len(got) != 1 {
			t.Errorf("ForScripts(%q) = %v, %v; want %s", value, got, err, want)
		}
	}
	if got, err := r.ForScripts(r.Roads.WinRM, nil, policy("1'; x")); err == nil {
		t.Errorf("ForScripts of a text that is for no script = %v", got)
	}
	if got, err := r.ForScripts(r.Roads.WinRM, map[string]string{"max_idle_seconds": "1"}, nil); err == nil {
		t.Errorf("a caller's own value = %v; want it refused", got)
	}
}
