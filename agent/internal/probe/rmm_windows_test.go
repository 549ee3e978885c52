package probe

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/signature"
	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/shared/check"
)

func TestThisWindowsCanBeLookedAt(t *testing.T) {
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := New("/")
	p.Signatures = heldList{products: []signature.Product{
		{ID: "us", Name: "This test", Marks: wire.ProductMarks{wire.MarkProcess: {filepath.Base(own)}}},
		{ID: "events", Name: "The event log", Marks: wire.ProductMarks{wire.MarkService: {"EventLog"}}},
		{ID: "windows", Name: "Windows", Marks: wire.ProductMarks{wire.MarkKey: {`HKLM\SOFTWARE\Microsoft`}}},
		{ID: "none", Name: "Nothing", Marks: wire.ProductMarks{wire.MarkKey: {`HKLM\SOFTWARE\Osiris\None`}, wire.MarkPath: {`C:\no\such\*`}}},
	}}
	facts := p.Read(t.Context(), check.RMMDetection)
	v := check.Judge(check.RMMDetection, facts, nil)
	want := "This test (running, unexpected), The event log (running, unexpected), Windows (present, unexpected)"
	if v.Status != check.Pass || v.Actual != want && v.Actual != strings.Replace(want, "log (running", "log (installed", 1) {
		t.Errorf("Judge = %v %q %q; want %q", v.Status, v.Actual, v.Reason, want)
	}
	t.Logf("%q", facts)
}

func TestWindowsLooksForFiles(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"Tool (ab12)", "Tool (cd34)", "Toolbox"} {
		if err := os.Mkdir(filepath.Join(root, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for pattern, want := range map[string][]string{
		`\Tool ({id})`: {`\Tool (ab12)`, `\Tool (cd34)`},
		`\toolbox`:     {`\Toolbox`},
		`\none`:        nil,
		`\none\*`:      nil,
	} {
		var got []string
		for _, path := range findFiles(root + pattern) {
			got = append(got, strings.TrimPrefix(path, root))
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("findFiles(%s) = %q; want %q", pattern, got, want)
		}
	}
}

// TestPlantedProductsAreFound writes into the registry, so it is for Wine.
func TestPlantedProductsAreFound(t *testing.T) {
	if syscall.NewLazyDLL("ntdll.dll").NewProc("wine_get_version").Find() != nil {
		t.Skip("on a real Windows this test would change the machine")
	}
	for key, values := range map[string][2]string{
		softwareKey + wow64 + uninstall + `\{osiris-1}`:                  {"Splashtop Streamer for RMM", "3.7.2.1"},
		serviceKeys + `\ScreenConnect Client (0123abcd)`:                 {"ScreenConnect", ""},
		softwareKey + uninstall + `\{osiris-2}`:                          {"ScreenConnect Client (0123abcd)", "24.1.5"},
		softwareKey + wow64 + `ATERA Networks\AlphaAgent`:                {"x", ""},
		`HKU\.DEFAULT\Software\` + uninstall + `\{osiris-3}`:             {"Splashtop Streamer", "3.7.2.1"},
		softwareKey + uninstall + `\{osiris-4}\InstallProperties\nested`: {"ScreenConnect Client (ffff)", ""},
	} {
		for i, name := range []string{"DisplayName", "DisplayVersion"} {
			if err := winapi.RegSetString(key, name, values[i]); err != nil {
				t.Fatalf("planting %s: %v", key, err)
			}
		}
	}
	p := New("/")
	p.Signatures = heldList{products: products}
	v := check.Judge(check.RMMDetection, p.Read(t.Context(), check.RMMDetection), nil)
	want := "ScreenConnect 0123abcd (installed, unexpected), Atera (present, unexpected), Splashtop (installed, comes with atera, unexpected)"
	if v.Actual != want {
		t.Errorf("Judge = %v %q %q; want %q", v.Status, v.Actual, v.Reason, want)
	}
}
