package probe

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

var fixtureName = regexp.MustCompile(`\A[0-9]{4,5}-[a-z0-9-]+\.txt\z`)

// TestWindowsFixtures reads and judges every file of testdata/windows.
func TestWindowsFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/windows/*/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are %d fixtures (%v)", len(files), err)
	}
	seen := map[check.ID]int{}
	for _, file := range files {
		id := check.ID(filepath.Base(filepath.Dir(file)))
		t.Run(string(id)+"/"+strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			f := openFixture(t, file)
			if !fixtureName.MatchString(filepath.Base(file)) {
				t.Errorf("its name is not <os build>-<state>.txt")
			}
			if !slices.Contains([]string{"captured", "documented", "invented"}, f.origin) || f.source == "" {
				t.Errorf("origin is %q, source %q", f.origin, f.source)
			}
			if f.origin == "documented" && !strings.Contains(f.source, "https://") {
				t.Errorf("it says documented, and %q is no address", f.source)
			}
			sources := windowsSources(id)
			if sources == "" {
				t.Fatalf("windowsTable has no %s", id)
			}
			seen[id]++
			facts, err := f.machine().read(context.Background(), sources)
			if err != nil {
				facts = failed(err)
			}
			known := append(check.FactNames(id), check.FactError, check.FactNotApplicable)
			for _, fact := range facts {
				if !slices.Contains(known, fact.Name) {
					t.Errorf("the readers give the fact %q, which the check does not list", fact.Name)
				}
			}
			for _, want := range f.facts {
				if !slices.Contains(facts, want) {
					t.Errorf("the readers do not give the fact %s %q; all are %q", want.Name, want.Value, facts)
				}
			}
			v := check.Judge(id, facts, f.parameters.Get)
			got := strings.TrimSpace(v.Status.String() + " " + v.Severity)
			if got != f.want || v.Actual != f.actual || v.Reason != f.reason {
				t.Errorf("the verdict is\nwant %s\nactual %s\nreason %s\nand the fixture has\nwant %s\nactual %s\nreason %s\nwith facts %q",
					got, v.Actual, v.Reason, f.want, f.actual, f.reason, facts)
			}
		})
	}
	for i := range windowsTable {
		if n := seen[windowsTable[i].id]; n < 2 {
			t.Errorf("%s has %d fixtures", windowsTable[i].id, n)
		}
	}
}

// TestStatesThatMustHaveFixtures are those where other programs are known to say
// something wrong.
func TestStatesThatMustHaveFixtures(t *testing.T) {
	for state, files := range map[string][]string{
		"suspended BitLocker":           {"bitlocker/19045-suspended", "bitlocker/22631-waiting-for-activation"},
		"encrypting":                    {"bitlocker/22631-encrypting"},
		"Home without BitLocker":        {"bitlocker/26100-home-without-bitlocker"},
		"passive Defender":              {"defender/22631-passive-beside-another-product", "defender/26100-passive-alone"},
		"hexadecimal InstalledOn":       {"patches/26200-hex-installed-on"},
		"CIM dates with offsets":        {"defender/20348-azure-edition", "defender/20348-signatures-of-2022"},
		"absent SMB1, old and new":      {"smbv1/14393-absent-value", "smbv1/22631-absent-value"},
		"absent SMB1, no server to ask": {"smbv1/14393-absent-value-server-stopped", "smbv1/22631-absent-value-server-stopped"},
		"renamed guest":                 {"guest_account/19045-renamed-and-enabled"},
		"missing namespace":             {"bitlocker/20348-missing-namespace", "defender/17763-feature-removed-on-server"},
		"empty result": {
			"bitlocker/19045-empty-result", "defender/19045-empty-result", "firewall/19045-empty-result", "smbv1/19045-empty-result",
			"patches/26200-empty-result", "audit_policy/19045-empty-result", "password_policy/19045-empty-result",
		},
	} {
		for _, file := range files {
			if _, err := os.Stat("testdata/windows/" + file + ".txt"); err != nil {
				t.Errorf("%s: %v", state, err)
			}
		}
	}
	for i := range windowsTable {
		id := string(windowsTable[i].id)
		denied, err := filepath.Glob("testdata/windows/" + id + "/*-access-denied.txt")
		other, _ := filepath.Glob("testdata/windows/" + id + "/*-without-privilege.txt") // of a constant pattern: no error
		if err != nil || len(denied)+len(other) == 0 {
			if service, _ := filepath.Glob("testdata/windows/" + id + "/*-service-denied.txt"); len(service) == 0 {
				t.Errorf("%s has no fixture of a refused reading (%v)", id, err)
			}
		}
	}
}

func TestHostFactsAreReadOnceAndOnlyWhole(t *testing.T) {
	f := openFixture(t, "testdata/windows/host.txt")
	m := f.machine()
	const place = `wmi root\cimv2:Win32_ComputerSystem`
	f.failures[place] = 0x80041003
	if facts, err := m.read(context.Background(), "host"); err == nil {
		t.Errorf("without the right to ask WMI, host facts are %q", facts)
	}
	delete(f.failures, place)
	want := check.Facts{
		{Name: check.FactProductType, Value: "1"},
		{Name: check.FactSystemDrive, Value: "C:"},
		{Name: check.FactDomainRole, Value: "0"},
		{Name: check.FactEdition, Value: "Professional"},
		{Name: check.FactBuild, Value: "19045"},
		{Name: check.FactRevision, Value: "3693"},
	}
	for range 2 {
		facts, err := m.read(context.Background(), "host")
		if err != nil || !slices.Equal(facts, want) {
			t.Errorf("host facts are %q, %v; want %q", facts, err, want)
		}
		f.classes, f.values = nil, nil // the second time nobody may ask
	}
	f.classes = map[string][]check.Facts{`root\cimv2:Win32_OperatingSystem`: {}}
	if facts, err := f.machine().read(context.Background(), "host"); err == nil {
		t.Errorf("an empty answer of WMI gives host facts %q", facts)
	}
}

func TestAReadingThatIsCutShortGivesNoFacts(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	f := openFixture(t, "testdata/windows/host.txt")
	f.failures["wmi a:B"] = 0x800705b4 // ERROR_TIMEOUT
	m := f.machine()
	if facts, err := m.read(ctx, "wmi?|b|a|B|C\ndate|date"); err != nil || len(facts) != 2 || facts[0].Value != "code 0x800705b4" {
		t.Errorf("an optional source that fails gives %q, %v", facts, err)
	}
	m.now = func() time.Time { cancel(); return time.Time{} }
	if facts, err := m.read(ctx, "date|date\nwmi?|b|a|B|C"); err == nil {
		t.Errorf("after the end of its context it gives %q", facts)
	}
}

func TestASlowSourceIsKeptForHours(t *testing.T) {
	f := openFixture(t, "testdata/windows/host.txt")
	m := f.machine()
	now := m.now()
	m.now = func() time.Time { return now }
	const line, class = "wmi*?|hotfix|a|B|C", "wmi a:B"
	f.failures[class] = 0x80041003
	read := func(want string) {
		t.Helper()
		facts, err := m.read(context.Background(), line)
		if err != nil || len(facts) != 1 || facts[0].Value != want {
			t.Errorf("facts are %q, %v; want %q", facts, err, want)
		}
	}
	read("code 0x80041003")
	delete(f.failures, class) // a failure is not kept
	f.classes["a:B"] = []check.Facts{{{Name: "C", Value: "1"}}}
	read("C=1")
	f.classes["a:B"] = []check.Facts{{{Name: "C", Value: "2"}}}
	now = now.Add(keepFor - time.Second)
	read("C=1")
	now = now.Add(time.Second)
	read("C=2")
}

func TestAConditionSkipsItsLine(t *testing.T) {
	m := openFixture(t, "testdata/windows/host.txt").machine()
	facts, err := m.read(context.Background(), "date|a\n-a|date|b\n-b|date|c")
	if err != nil || len(facts) != 2 || facts[0].Name != "a" || facts[1].Name != "c" {
		t.Errorf("facts are %q, %v; want a and c", facts, err)
	}
}

func TestAQueryIsWQL(t *testing.T) {
	q := query{class: "Win32_LogicalDisk", properties: []string{"DeviceID", "Size"}}
	if got := q.text(); got != "SELECT DeviceID,Size FROM Win32_LogicalDisk" {
		t.Errorf("text = %q", got)
	}
	q.where = "DriveType=3"
	if got := q.text(); got != "SELECT DeviceID,Size FROM Win32_LogicalDisk WHERE DriveType=3" {
		t.Errorf("text = %q", got)
	}
}
