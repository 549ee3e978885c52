//go:build wine

package wine_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// places are the calls of COM methods by their place, in agent/internal/winapi:
// what the code says, with %d for the place, and which method that must be.
var places = []struct{ file, code, method string }{
	{"wmi_windows.go", "locator.call(%d, ", "IWbemLocator ConnectServer"},
	{"wmi_windows.go", "s.context.call(%d, ", "IWbemContext SetValue"},
	{"wmi_windows.go", "s.services.call(%d, ", "IWbemServices ExecQuery"},
	{"wmi_windows.go", "rest.call(%d, ", "IEnumWbemClassObject Next"},
	{"wmi_windows.go", "o.call(%d, ", "IWbemClassObject Get"},
	{"method_windows.go", "code = s.services.call(%d, s.text(path), s.text(method)", "IWbemServices ExecMethod"},
	{"method_windows.go", "declared.call(%d, ", "IWbemClassObject GetMethod"},
	{"method_windows.go", "signature.call(%d, ", "IWbemClassObject SpawnInstance"},
	{"method_windows.go", "s.services.call(%d, uintptr(unsafe.Pointer(o))", "IWbemServices PutInstance"},
	{"method_windows.go", "s.services.call(%d, s.text(path), 0", "IWbemServices GetObject"},
	{"method_windows.go", "code := o.call(%d, ", "IWbemClassObject Get"},
	{"method_windows.go", "code = o.call(%d, ", "IWbemClassObject Put"},
	{"update_windows.go", "a.flag(o, %d)\n\t\to.release", "ISystemInformation get_RebootRequired"},
	{"update_windows.go", "a.child(session, %d, ", "IUpdateSession CreateUpdateSearcher"},
	{"update_windows.go", "a.child(searcher, %d, ", "IUpdateSearcher Search"},
	{"update_windows.go", "a.get(found, %d, ", "ISearchResult get_ResultCode"},
	{"update_windows.go", "a.child(found, %d, ", "ISearchResult get_Updates"},
	{"update_windows.go", "a.count(list, %d)", "IUpdateCollection get_Count"},
	{"update_windows.go", "a.child(list, %d, ", "IUpdateCollection get_Item"},
	{"update_windows.go", "a.text(a.child(o, %d, ", "IUpdate get_Identity"},
	{"update_windows.go", "a.text(a.child(o, 19, alone), %d, ", "IUpdateIdentity get_UpdateID"},
	{"update_windows.go", "u.Title, u.Severity = a.text(o, %d, ", "IUpdate get_Title"},
	{"update_windows.go", "a.text(o, 7, alone), a.text(o, %d, ", "IUpdate get_MsrcSeverity"},
	{"update_windows.go", "u.Downloaded, u.Published = a.flag(o, %d)", "IUpdate get_IsDownloaded"},
	{"update_windows.go", "a.date(o, %d)", "IUpdate get_LastDeploymentChangeTime"},
	{"update_windows.go", "articles := a.child(o, %d, ", "IUpdate get_KBArticleIDs"},
	{"update_windows.go", "a.count(articles, %d)", "IStringCollection get_Count"},
	{"update_windows.go", "a.text(articles, %d, ", "IStringCollection get_Item"},
	{"update_windows.go", "categories := a.child(o, %d, ", "IUpdate get_Categories"},
	{"update_windows.go", "a.count(categories, %d)", "ICategoryCollection get_Count"},
	{"update_windows.go", "a.text(a.child(categories, %d, ", "ICategoryCollection get_Item"},
	{"update_windows.go", "a.child(categories, 7, i), %d, ", "ICategory get_CategoryID"},
}

// ids finds the classes and interfaces of winapi and of its fake.
var ids = regexp.MustCompile(`(?m)^\t(clsid\w+|iid\w+|is\w+)\s+= (?:GUID|guid)\{(\w+), (\w+), (\w+), \[8\]byte\{([^}]+)\}\}`)

// TestCOMIsCalledAsItsHeadersSay compares the places and ids that winapi has
// with headers that others wrote: what Wine lacks, Windows Update above all, has
// no other witness here.
func TestCOMIsCalledAsItsHeadersSay(t *testing.T) {
	t.Parallel()
	p := open(t)
	program := filepath.Join(t.TempDir(), "interfaces.exe")
	compile := exec.CommandContext(bounded(t), "x86_64-w64-mingw32-gcc", "-o", program, "testdata/interfaces.c")
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("compiling: %v\n%s", err, out)
	}
	out, err := p.Run(bounded(t), program)
	if err != nil {
		t.Fatal(err)
	}
	headers := map[string]string{}
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		i := strings.LastIndexByte(line, ' ')
		headers[line[:max(i, 0)]] = line[i+1:]
	}
	sources := map[string]string{}
	for _, folder := range []string{"winapi", "fakewbem"} {
		files, err := filepath.Glob(filepath.Join(root(t), "agent", "internal", folder, "*_windows.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			content, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			sources[filepath.Base(f)] += string(content)
		}
	}
	for _, c := range places {
		place, err := strconv.Atoi(headers[c.method])
		if err != nil {
			t.Errorf("the headers do not have %s", c.method)
		} else if code := fmt.Sprintf(c.code, place); !strings.Contains(sources[c.file], code) {
			t.Errorf("%s has no %q, which would be %s", c.file, code, c.method)
		}
	}
	compareIDs(t, headers, sources)
}

func compareIDs(t *testing.T, headers, sources map[string]string) {
	t.Helper()
	found := 0
	for _, content := range sources {
		for _, m := range ids.FindAllStringSubmatch(content, -1) {
			want, ok := headers[m[1]]
			if !ok {
				continue
			}
			digits := strings.NewReplacer("0x", "", ",", "", " ", "").Replace(m[5])
			number := func(hex string, width int) string { return fmt.Sprintf("%0*s", width, strings.TrimPrefix(hex, "0x")) }
			got := number(m[2], 8) + "-" + number(m[3], 4) + "-" + number(m[4], 4) + "-" + digits[:4] + "-" + digits[4:]
			if found++; got != want {
				t.Errorf("%s is %s; the headers have %s", m[1], got, want)
			}
		}
	}
	if found < 11 {
		t.Errorf("there are %d ids that the headers know; want 11 or more", found)
	}
}
