package probe

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/action"
)

// procedure and value find what readers call and read themselves.
var (
	procedure = regexp.MustCompile(`(?:winapi\.Call|nameOf)\(winapi\.\w+, "(\w+)"`)
	value     = regexp.MustCompile("winapi\\.RegRead\\(`([^`]+)`, \"(\\w+)\"\\)")
)

// queried are the entries that the readers ask Windows for and that the actions
// change, in the form of sources.txt without type and page.
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
		for _, match := range value.FindAllStringSubmatch(string(content), -1) {
			add("reg", match[1], match[2])
		}
	}
	// rmm_detection goes through all services and programs, so it is no row of the
	// table (rmmwindows.go).
	add("reg", serviceKeys+`\*`, "DisplayName")
	add("reg", serviceKeys+`\*`, "ImagePath")
	for _, name := range []string{"DisplayName", "DisplayVersion", "InstallLocation"} {
		add("reg", softwareKey+uninstall+`\*`, name)
	}
	for _, entry := range action.Written() {
		add(strings.Split(entry, "|")...)
	}
	programs := []string{hostSources, identitySources}
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

// Types that sources.txt may name: CIM's, the registry's, and our words.
var sourceTypes = strings.Fields("string boolean uint8 uint16 uint32 uint64 sint32 datetime " +
	"REG_SZ REG_DWORD REG_MULTI_SZ key function text method service GUID file")

// elsewhere begins the part of sources.txt that agent/cmd/osiris-agent compares: it
// is read from other packages' sources.
const elsewhere = "# The rest of the agent:"

var sourcePage = regexp.MustCompile(`\A(https://learn\.microsoft\.com/en-us/[a-z0-9./_-]+(\(v=vs\.85\))?( \(unconfirmed: [^()]+\))?|undocumented: .+)\z`)

// TestEverySourceStandsInTheTableWithItsPage compares the tables of checks and of
// actions with sources.txt, both ways, and counts what it admits not to know.
func TestEverySourceStandsInTheTableWithItsPage(t *testing.T) {
	content, err := os.ReadFile("sources.txt")
	if err != nil {
		t.Fatal(err)
	}
	asked := queried(t)
	var listed []string
	here, entries, undocumented, unconfirmed := true, 0, 0, 0
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		here = here && !strings.HasPrefix(line, elsewhere)
		if line == "" || line[0] == '#' {
			continue
		}
		field := strings.Split(line, " | ")
		if len(field) != 5 {
			t.Errorf("%q has not five fields", line)
			continue
		}
		entry := strings.TrimSpace(field[0]) + "|" + field[1] + "|" + strings.Trim(field[2], "-")
		if field[0] == "api" {
			entry = "api|" + field[1] + "|"
		}
		if slices.Contains(listed, entry) {
			t.Errorf("%s stands there twice", entry)
		}
		listed = append(listed, entry)
		entries++
		if !slices.Contains(sourceTypes, field[3]) {
			t.Errorf("%s: type %q is not known", entry, field[3])
		}
		if !sourcePage.MatchString(field[4]) {
			t.Errorf("%s: %q is no page of Microsoft, nor says why there is none", entry, field[4])
		}
		if strings.HasPrefix(field[4], "undocumented: ") {
			undocumented++
		} else if strings.Contains(field[4], "(unconfirmed: ") {
			unconfirmed++
		}
		if here && !slices.Contains(asked, entry) {
			t.Errorf("%s is listed and nobody asks for it", entry)
		}
	}
	if here {
		t.Errorf("no line begins with %q", elsewhere)
	}
	for _, entry := range asked {
		if !slices.Contains(listed, entry) {
			t.Errorf("%s is asked for and not listed", entry)
		}
	}
	if want := fmt.Sprintf("# entries %d, undocumented %d, unconfirmed %d\n", entries, undocumented, unconfirmed); !strings.Contains(string(content), want) {
		t.Errorf("the head does not say %q", want)
	}
}

func before(s, separator string) string {
	s, _, _ = strings.Cut(s, separator)
	return s
}
