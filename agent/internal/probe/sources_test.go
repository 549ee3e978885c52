package probe

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// procedure finds the functions that readers call themselves.
var procedure = regexp.MustCompile(`winapi\.Call\(winapi\.\w+, "(\w+)"`)

// queried are the entries that the table of checks asks Windows for, in the form
// of sources.txt without type and page.
func queried(t *testing.T) []string {
	t.Helper()
	var all []string
	add := func(fields ...string) {
		if entry := strings.Join(fields, "|"); !slices.Contains(all, entry) {
			all = append(all, entry)
		}
	}
	files, err := filepath.Glob("*_windows.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range procedure.FindAllStringSubmatch(string(content), -1) {
			add("api", match[1], "")
		}
	}
	// rmm_detection goes through all services and programs, so it is no row of the
	// table (rmmwindows.go).
	add("reg", serviceKeys+`\*`, "DisplayName")
	add("reg", serviceKeys+`\*`, "ImagePath")
	for _, name := range []string{"DisplayName", "DisplayVersion", "InstallLocation"} {
		add("reg", softwareKey+uninstall+`\*`, name)
	}
	programs := []string{hostSources}
	for i := range windowsTable {
		programs = append(programs, windowsTable[i].sources)
	}
	for _, line := range strings.Split(strings.Join(programs, "\n"), "\n") {
		if line != "" && line[0] == '-' { // a condition
			_, line, _ = strings.Cut(line, "|")
		}
		field := strings.Split(line, "|")
		if len(field) > maxFields {
			t.Errorf("%q has more than %d fields", line, maxFields)
		}
		field = append(field, "", "", "", "", "", "")[:maxFields]
		switch kind := strings.TrimRight(field[0], "*?"); kind {
		case "host", "date", "ntp", "drive":
		case "reg", "count", "own":
			if field[2] != "" {
				add("reg", longKey(field[2]), field[3])
			}
		case "key":
			add("key", longKey(field[2]), "")
		case "user":
			for _, name := range strings.Split(field[3], ",") {
				add("reg", `HKU\*\`+field[2], name)
			}
		case "wmi", "one":
			for _, p := range strings.Split(field[4], ",") {
				add("wmi", field[2]+":"+field[3], before(strings.TrimPrefix(p, "+"), " "))
			}
			if field[5] != "" {
				add("where", field[2]+":"+field[3], field[5])
			}
			if field[6] != "" {
				add("context", field[2]+":"+field[3], field[6])
			}
			if names := strings.Count(field[1], ","); kind == "one" && names != strings.Count(field[4], ",") {
				t.Errorf("%q has not one fact a property", line)
			}
		case "api":
			add("api", field[2], "")
		default:
			t.Errorf("what is %q?", line)
		}
	}
	return all
}

// Types that sources.txt may name: CIM's, the registry's, and C's for functions.
var sourceTypes = strings.Fields("string boolean uint8 uint16 uint32 uint64 sint32 datetime " +
	"REG_SZ REG_DWORD REG_MULTI_SZ key function text")

// TestEverySourceStandsInTheTableWithItsPage compares the table of checks with
// sources.txt, both ways.
func TestEverySourceStandsInTheTableWithItsPage(t *testing.T) {
	content, err := os.ReadFile("sources.txt")
	if err != nil {
		t.Fatal(err)
	}
	asked := queried(t)
	var listed []string
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		field := strings.Split(line, " | ")
		if len(field) != 5 {
			t.Errorf("%q has not five fields", line)
			continue
		}
		entry := strings.TrimSpace(field[0]) + "|" + field[1] + "|" + strings.Trim(field[2], "-")
		if slices.Contains(listed, entry) {
			t.Errorf("%s stands there twice", entry)
		}
		listed = append(listed, entry)
		if !slices.Contains(sourceTypes, field[3]) {
			t.Errorf("%s: type %q is not known", entry, field[3])
		}
		if page := field[4]; !strings.HasPrefix(page, "https://learn.microsoft.com/") && !strings.HasPrefix(page, "undocumented: ") {
			t.Errorf("%s: %q is no page of Microsoft, nor says why there is none", entry, page)
		}
		if !slices.Contains(asked, entry) {
			t.Errorf("%s is listed and nobody asks for it", entry)
		}
	}
	for _, entry := range asked {
		if !slices.Contains(listed, entry) {
			t.Errorf("%s is asked for and not listed", entry)
		}
	}
}

func before(s, separator string) string {
	s, _, _ = strings.Cut(s, separator)
	return s
}
