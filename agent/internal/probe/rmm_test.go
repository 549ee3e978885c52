package probe

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/agent/internal/signature"
	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/shared/check"
)

// heldList is a list that has arrived.
type heldList struct {
	products []signature.Product
	expired  bool
}

func (h heldList) Held() (*signature.List, bool) {
	return &signature.List{Version: 7, Products: h.products}, h.expired
}

// fakeSoftware shows what a test gives it. Service names map to whether they run.
type fakeSoftware struct {
	packages, services, programs []entry

	active map[string]bool
	files  []string
	err    error
}

func (f *fakeSoftware) scan(context.Context) ([]entry, error) {
	all := slices.Concat(f.packages, f.services, f.programs)
	return all, f.err
}

func (f *fakeSoftware) runs(service string) (bool, error) { return f.active[service], nil }

func (f *fakeSoftware) find(_ int, pattern string) []string {
	var found []string
	for _, file := range f.files {
		if _, ok := signature.Match(pattern, file); ok {
			found = append(found, file)
		}
	}
	return found
}

// Entries as readers give them.
func aService(name string) entry {
	return entry{kind: wire.MarkService, text: name, service: name}
}

func aTitle(name, title string) entry {
	return entry{kind: wire.MarkTitle, text: title, service: name}
}

func aProgram(path string) entry { return entry{kind: wire.MarkProcess, text: path} }

// products are the ones that the tests look for.
var products = []signature.Product{
	{ID: "screenconnect", Name: "ScreenConnect", Marks: wire.ProductMarks{
		wire.MarkService: {"ScreenConnect Client ({id})"},
		wire.MarkProcess: {"ScreenConnect.ClientService.exe", `C:\Program Files (x86)\ScreenConnect Client ({id})\*`},
		wire.MarkPackage: {"ScreenConnect Client ({id})"},
		wire.MarkPath:    {`C:\Program Files (x86)\ScreenConnect Client ({id})`},
	}},
	{ID: "atera", Name: "Atera", Marks: wire.ProductMarks{wire.MarkService: {"AteraAgent"}, wire.MarkKey: {`HKLM\SOFTWARE\ATERA Networks`}}},
	{ID: "splashtop", Name: "Splashtop", BundledBy: []string{"atera", "syncro"}, Marks: wire.ProductMarks{
		wire.MarkService: {"SplashtopRemoteService"}, wire.MarkTitle: {"Splashtop® Remote Service"}, wire.MarkPackage: {"Splashtop Streamer*"},
	}},
	{ID: "n-central", Name: "N-able N-central", Marks: wire.ProductMarks{
		wire.MarkProcess: {`C:\Program Files (x86)\N-able Technologies\Windows Agent\bin\agent.exe`},
	}},
}

func TestWhatIsFoundOfEachProduct(t *testing.T) {
	const folder = `C:\Program Files (x86)\ScreenConnect Client (0123abcd)`
	const escaped = `C:\\Program Files (x86)\\ScreenConnect Client (0123abcd)`
	for _, c := range []struct {
		name string
		on   fakeSoftware
		want []string
	}{
		{"nothing", fakeSoftware{}, nil},
		{"an instance that runs as a service", fakeSoftware{
			services: []entry{aService("ScreenConnect Client (0123abcd)")},
			packages: []entry{{kind: wire.MarkPackage, text: "ScreenConnect Client (0123abcd)", version: "24.1.5", path: folder}},
			programs: []entry{aProgram(folder + `\ScreenConnect.ClientService.exe`)},
			active:   map[string]bool{"ScreenConnect Client (0123abcd)": true}, files: []string{folder},
		}, []string{
			`id=screenconnect;name=ScreenConnect;instance=0123abcd;version=24.1.5;running=yes;installed=yes;` +
				`service_name=ScreenConnect Client (0123abcd);install_path=` + escaped +
				`;evidence=package ScreenConnect Client (0123abcd), service ScreenConnect Client (0123abcd), process ` +
				escaped + `\\ScreenConnect.ClientService.exe, path ` + escaped,
		}},
		{"an installed service that does not run", fakeSoftware{
			services: []entry{aService("ateraagent")}, files: []string{`HKLM\SOFTWARE\ATERA Networks`},
		}, []string{
			`id=atera;name=Atera;running=no;installed=yes;service_name=ateraagent;evidence=service ateraagent, key HKLM\\SOFTWARE\\ATERA Networks`,
		}},
		{"a copy without a known instance beside one that has one", fakeSoftware{
			services: []entry{aService("ScreenConnect Client (0123abcd)")},
			programs: []entry{aProgram(`C:\Users\eve\Downloads\ScreenConnect.ClientService.exe`)},
		}, []string{
			`id=screenconnect;name=ScreenConnect;instance=0123abcd;running=no;installed=yes;` +
				`service_name=ScreenConnect Client (0123abcd);evidence=service ScreenConnect Client (0123abcd)`,
			`id=screenconnect;name=ScreenConnect;running=yes;installed=yes;evidence=process C:\\Users\\eve\\Downloads\\ScreenConnect.ClientService.exe`,
		}},
		{"two instances", fakeSoftware{services: []entry{
			aService("ScreenConnect Client (0123)"), aService("ScreenConnect Client (abcd)"),
		}}, []string{
			`id=screenconnect;name=ScreenConnect;instance=0123;running=no;installed=yes;service_name=ScreenConnect Client (0123);evidence=service ScreenConnect Client (0123)`,
			`id=screenconnect;name=ScreenConnect;instance=abcd;running=no;installed=yes;service_name=ScreenConnect Client (abcd);evidence=service ScreenConnect Client (abcd)`,
		}},
		{"a product that another brought", fakeSoftware{services: []entry{
			aService("AteraAgent"), aService("SRS"), aTitle("SRS", "Splashtop® Remote Service"),
		}}, []string{
			`id=atera;name=Atera;running=no;installed=yes;service_name=AteraAgent;evidence=service AteraAgent`,
			`id=splashtop;name=Splashtop;running=no;installed=yes;service_name=SRS;bundled_with=atera;evidence=service Splashtop® Remote Service`,
		}},
		{"what an uninstaller left", fakeSoftware{files: []string{folder}}, []string{
			`id=screenconnect;name=ScreenConnect;instance=0123abcd;running=no;installed=no;install_path=` + escaped + `;evidence=path ` + escaped,
		}},
		{"a generic program name elsewhere is nobody's", fakeSoftware{programs: []entry{
			aProgram(`C:\Program Files\Practice Soft\agent.exe`), aProgram("agent.exe"),
		}}, nil},
		{"a generic program name in its place", fakeSoftware{programs: []entry{
			aProgram(`c:\program files (x86)\n-able technologies\windows agent\bin\agent.exe`),
		}}, []string{
			`id=n-central;name=N-able N-central;running=yes;installed=yes;evidence=process c:\\program files (x86)\\n-able technologies\\windows agent\\bin\\agent.exe`,
		}},
		{"a service that is named nearly so", fakeSoftware{services: []entry{
			aService("AteraAgentX"), aService("My AteraAgent"), aService("ScreenConnect Client"),
		}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			facts, err := detect(t.Context(), heldList{products: products}, &c.on)
			if err != nil {
				t.Fatal(err)
			}
			var rows []string
			for _, f := range facts {
				if f.Name == check.FactProduct {
					rows = append(rows, f.Value)
				}
			}
			if diff := cmp.Diff(c.want, rows); diff != "" {
				t.Errorf("detect (-want +got):\n%s", diff)
			}
			if v := check.Judge(check.RMMDetection, facts, nil); v.Status != check.Pass || (v.Actual == "none") != (len(rows) == 0) {
				t.Errorf("Judge = %v, %q", v.Status, v.Actual)
			}
		})
	}
}

func TestTheListsStateIsSaid(t *testing.T) {
	for _, c := range []struct {
		name       string
		signatures Signatures
		want       check.Facts
	}{
		{"nobody gives lists", nil, nil},
		{"a list without products", heldList{}, check.Facts{{Name: "list_version", Value: "7"}}},
		{"an expired list", heldList{expired: true}, check.Facts{{Name: "list_version", Value: "7"}, {Name: "list_expired", Value: "yes"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			facts, err := detect(t.Context(), c.signatures, &fakeSoftware{})
			if diff := cmp.Diff(c.want, facts); diff != "" || err != nil {
				t.Errorf("detect: %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestAScanThatFailsIsNoInventory(t *testing.T) {
	broken := errors.New("denied")
	if facts, err := detect(t.Context(), heldList{products: products}, &fakeSoftware{err: broken}); !errors.Is(err, broken) {
		t.Errorf("detect = %v, %v; want the error", facts, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if facts, err := detect(ended, heldList{products: products}, &fakeSoftware{}); err == nil {
		t.Errorf("detect after its end = %v; want an error", facts)
	}
}

func TestFindingsAreBounded(t *testing.T) {
	on := &fakeSoftware{}
	for i := range 200 {
		id := strings.Repeat("x", 50) + string(rune('a'+i%26)) + string(rune('a'+i/26))
		on.services = append(on.services, aService("ScreenConnect Client ("+id+")"))
	}
	long := `C:\` + strings.Repeat("y", 3000) + `\`
	for _, c := range "abcdefghij" {
		on.programs = append(on.programs, aProgram(long+string(c)+`\ScreenConnect.ClientService.exe`))
	}
	facts, err := detect(t.Context(), heldList{products: products}, on)
	if err != nil || len(facts) != maxFindings+1 {
		t.Fatalf("detect gives %d facts, %v; want %d", len(facts), err, maxFindings+1)
	}
	for _, f := range facts {
		if len(f.Value) > 1<<10 {
			t.Errorf("a fact has %d bytes: %.80s", len(f.Value), f.Value)
		}
	}
}

// fakeRegistry is keys with values, as "KEY\NAME" to text.
type fakeRegistry map[string]string

func (r fakeRegistry) value(key, name string) (string, error) {
	text, ok := r[key+`\`+name]
	if !ok {
		return "", winapi.ErrNotExist
	}
	return text, nil
}

func (r fakeRegistry) keys(key string) ([]string, error) {
	seen := map[string]bool{}
	for path := range r {
		if rest, ok := strings.CutPrefix(path, key+`\`); ok {
			if name, _, sub := strings.Cut(rest, `\`); sub {
				seen[name] = true
			} else {
				seen[""] = true // the key itself is there
			}
		}
	}
	if len(seen) == 0 {
		return nil, winapi.ErrNotExist
	}
	var names []string
	for name := range seen {
		if name != "" {
			names = append(names, name)
		}
	}
	return names, nil
}

func TestWindowsShowsServicesProgramsAndBothViewsOfTheRegistry(t *testing.T) {
	const uninstalls = `Microsoft\Windows\CurrentVersion\Uninstall\`
	r := fakeRegistry{
		serviceKeys + `\ScreenConnect Client (0123abcd)\ImagePath`:                 `"C:\Program Files (x86)\ScreenConnect Client (0123abcd)\ScreenConnect.ClientService.exe" "?e=Access"`,
		serviceKeys + `\SRS\DisplayName`:                                           "Splashtop® Remote Service",
		serviceKeys + `\Tcpip\DisplayName`:                                         "@%SystemRoot%\\system32\\tcpipcfg.dll,-50003",
		`HKLM\SOFTWARE\` + uninstalls + `{1}\DisplayName`:                          "Some Program",
		`HKLM\SOFTWARE\WOW6432Node\` + uninstalls + `{2}\DisplayName`:              "Splashtop Streamer for RMM",
		`HKLM\SOFTWARE\WOW6432Node\` + uninstalls + `{2}\DisplayVersion`:           "3.7.2.1",
		`HKLM\SOFTWARE\WOW6432Node\` + uninstalls + `{2}\InstallLocation`:          `C:\Program Files (x86)\Splashtop\`,
		`HKLM\SOFTWARE\WOW6432Node\` + uninstalls + `{3}\ParentKeyName`:            "an update has no name",
		`HKU\S-1-5-21-1-2-3-1001\SOFTWARE\` + uninstalls + `AnyDesk\DisplayName`:   "AnyDesk",
		`HKU\S-1-5-21-1-2-3-1001_Classes\Software\Classes\.x\`:                     "",
		`HKLM\SOFTWARE\WOW6432Node\ATERA Networks\AlphaAgent\AccountId`:            "1",
		`HKU\S-1-5-18\SOFTWARE\` + uninstalls + `{4}\DisplayName`:                  "For the system",
		`HKLM\SOFTWARE\` + uninstalls + `ScreenConnect (fake)\DisplayVersion`:      "a name that is no name",
		`HKLM\SOFTWARE\` + uninstalls + `{5}\DisplayName`:                          "ScreenConnect Client (0123abcd)",
		`HKLM\SOFTWARE\` + uninstalls + `{5}\DisplayVersion`:                       "24.1.5",
		`HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\{6}\DisplayName`: "AnyDesk helper",
	}
	w := &windowsSoftware{
		registry: r,
		programs: func() ([]string, error) {
			return []string{`C:\Program Files (x86)\ScreenConnect Client (0123abcd)\ScreenConnect.ClientService.exe`}, nil
		},
		files: func(string) []string { return nil },
		state: func(name string) (bool, error) {
			if name == "SRS" {
				return false, winapi.ErrNotExist // marked for deletion
			}
			return true, nil
		},
	}
	list := append([]signature.Product{{ID: "anydesk", Name: "AnyDesk", Marks: wire.ProductMarks{wire.MarkPackage: {"AnyDesk"}}}}, products...)
	facts, err := detect(t.Context(), heldList{products: list}, w)
	if err != nil {
		t.Fatal(err)
	}
	want := check.Facts{
		{Name: "list_version", Value: "7"},
		{Name: "product", Value: `id=anydesk;name=AnyDesk;running=no;installed=yes;evidence=package AnyDesk`},
		{Name: "product", Value: `id=screenconnect;name=ScreenConnect;instance=0123abcd;version=24.1.5;running=yes;installed=yes;` +
			`service_name=ScreenConnect Client (0123abcd);install_path=C:\\Program Files (x86)\\ScreenConnect Client (0123abcd)\\ScreenConnect.ClientService.exe;` +
			`evidence=package ScreenConnect Client (0123abcd), service ScreenConnect Client (0123abcd), process C:\\Program Files (x86)\\ScreenConnect Client (0123abcd)\\ScreenConnect.ClientService.exe`},
		{Name: "product", Value: `id=atera;name=Atera;running=no;installed=no;evidence=key HKLM\\SOFTWARE\\ATERA Networks`},
		{Name: "product", Value: `id=splashtop;name=Splashtop;version=3.7.2.1;running=no;installed=yes;service_name=SRS;` +
			`install_path=C:\\Program Files (x86)\\Splashtop\\;bundled_with=atera;evidence=package Splashtop Streamer for RMM, service Splashtop® Remote Service`},
	}
	if diff := cmp.Diff(want, facts); diff != "" {
		t.Errorf("detect (-want +got):\n%s", diff)
	}
}

func TestAWindowsThatCannotBeReadIsNoInventory(t *testing.T) {
	denied := errors.New("denied")
	r := fakeRegistry{serviceKeys + `\AteraAgent\Start`: "2", `HKU\.DEFAULT\Software\x`: ""}
	programs := func() ([]string, error) { return nil, nil }
	runs := func(string) (bool, error) { return true, nil }
	files := func(string) []string { return nil }
	for name, w := range map[string]*windowsSoftware{
		"no processes":      {r, func() ([]string, error) { return nil, denied }, runs, files},
		"no hives":          {fakeRegistry{}, programs, runs, files},
		"no service states": {r, programs, func(string) (bool, error) { return false, denied }, files},
	} {
		t.Run(name, func(t *testing.T) {
			if facts, err := detect(t.Context(), heldList{products: products}, w); err == nil {
				t.Errorf("detect = %v; want an error", facts)
			}
		})
	}
}

func TestBundleVersion(t *testing.T) {
	for text, want := range map[string]string{
		"<dict>\n\t<key>CFBundleShortVersionString</key>\n\t<string>15.60.3</string>\n</dict>": "15.60.3",
		"<dict><key>CFBundleVersion</key><string>9</string></dict>":                            "",
		"<key>CFBundleShortVersionString</key><string>1.0":                                     "",
		"<key>CFBundleShortVersionString</key><integer>1</integer><string></string>":           "",
		"bplist00\xd1CFBundleShortVersionString":                                               "",
		"":                                                                                     "",
	} {
		if got := bundleVersion([]byte(text)); got != want {
			t.Errorf("bundleVersion(%q) = %q; want %q", text, got, want)
		}
	}
}

func FuzzBundleVersion(f *testing.F) {
	f.Add([]byte("<key>CFBundleShortVersionString</key><string>15.60.3</string>"))
	f.Fuzz(func(t *testing.T, info []byte) {
		if v := bundleVersion(info); len(v) > 64 || strings.ContainsAny(v, "<>\x00") {
			t.Errorf("bundleVersion = %q", v)
		}
	})
}
