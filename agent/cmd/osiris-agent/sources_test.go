package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	internal    = "../../internal"
	sourcesFile = internal + "/probe/sources.txt"
	theRest     = "# The rest of the agent:" // as in probe's own test
)

// registryCall finds who reads or writes the registry by itself.
var registryCall = regexp.MustCompile(`winapi\.(Reg(?:Read|SetDWORD|SetString|Delete)\([^)]*\))`)

// registryCalls are all of them and the entries of sources.txt that they stand for;
// those of the tables of checks and actions are compared in agent/internal/probe.
var registryCalls = map[string][]string{
	"probe/windowssystem_windows.go RegRead(key, name)":          nil,
	"action/windows_windows.go RegRead(key, name)":               nil,
	"action/windows_windows.go RegDelete(key, name)":             nil,
	"action/windows_windows.go RegSetDWORD(key, name, uint32(n)": nil,
	"discover/lookup_windows.go RegRead(parameters, value)": {
		`reg|HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters|Domain`,
		`reg|HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters|DhcpDomain`,
	},
	"service/service_windows.go RegSetString(eventKey, \"EventMessageFile\", os.Getenv(\"SystemRoot\")": {
		`set|HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\OsirisAgent|EventMessageFile`,
	},
	"service/service_windows.go RegSetDWORD(eventKey, \"TypesSupported\", 7)": {
		`set|HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\OsirisAgent|TypesSupported`,
	},
}

// Functions of Windows are called by name, or by package syscall's wrappers.
var (
	namedCall = regexp.MustCompile(`(?:^|[^.\w])(?:call|try|withSecurity|changeState)\([^"\n]*"([A-Z]\w+)"`)
	wrapped   = regexp.MustCompile(`syscall\.((?:Reg|Find|Open|Create|Delete|Close)\w+)\(`)
)

// called are the entries that the agent's sources ask for outside the tables.
func called(t *testing.T) (entries []string) {
	t.Helper()
	add := func(entry string) {
		if !slices.Contains(entries, entry) {
			entries = append(entries, entry)
		}
	}
	seen := 0
	err := filepath.WalkDir(internal, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_windows.go") {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, filepath.FromSlash(internal)+string(filepath.Separator)))
		switch folder, _, _ := strings.Cut(name, "/"); folder {
		case "winapi":
			for _, m := range namedCall.FindAllStringSubmatch(string(content), -1) {
				add("api|" + m[1] + "|-")
			}
			fallthrough
		case "probe", "action":
			for _, m := range wrapped.FindAllStringSubmatch(string(content), -1) {
				add("api|" + m[1] + "|-")
			}
		}
		for _, m := range registryCall.FindAllStringSubmatch(string(content), -1) {
			site := name + " " + m[1]
			stands, ok := registryCalls[site]
			if !ok {
				t.Errorf("%q uses the registry, and no row of registryCalls says for which entry of sources.txt", site)
			}
			seen++
			for _, entry := range stands {
				add(entry)
			}
		}
		return nil
	})
	if err != nil || seen != len(registryCalls) {
		t.Errorf("%d places use the registry (%v); want the %d of registryCalls", seen, err, len(registryCalls))
	}
	return entries
}

// TestTheSourcesAreWhatTheRestOfTheAgentCalls compares the functions of Windows
// and the registry values outside the tables with sources.txt, both ways.
func TestTheSourcesAreWhatTheRestOfTheAgentCalls(t *testing.T) {
	content, err := os.ReadFile(sourcesFile)
	if err != nil {
		t.Fatal(err)
	}
	asked := called(t)
	before, rest, ok := strings.Cut(string(content), theRest)
	if !ok {
		t.Fatalf("no line of %s begins with %q", sourcesFile, theRest)
	}
	list := func(text string) (entries []string) {
		for line := range strings.Lines(text) {
			if field := strings.Split(strings.TrimSpace(line), " | "); len(field) == 5 {
				if field[0] == "api" {
					field[2] = "-"
				}
				entries = append(entries, strings.Join(field[:3], "|"))
			}
		}
		return entries
	}
	here, all := list(rest), list(before+rest)
	for _, entry := range here {
		if !slices.Contains(asked, entry) {
			t.Errorf("%s is listed and nobody calls it", entry)
		}
	}
	for _, entry := range asked {
		if !slices.Contains(all, entry) {
			t.Errorf("%s is called and not listed", entry)
		}
	}
}

// TestTheManualSaysHowMuchIsNotConfirmed keeps docs/agent.md honest.
func TestTheManualSaysHowMuchIsNotConfirmed(t *testing.T) {
	content, err := os.ReadFile(sourcesFile)
	if err != nil {
		t.Fatal(err)
	}
	var entries, undocumented, unconfirmed int
	_, head, _ := strings.Cut(string(content), "\n# entries ")
	if _, err := fmt.Sscanf(head, "%d, undocumented %d, unconfirmed %d", &entries, &undocumented, &unconfirmed); err != nil {
		t.Fatalf("the head of %s has no figures: %v", sourcesFile, err)
	}
	manual, err := os.ReadFile("../../../docs/agent.md")
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Join(strings.Fields(string(manual)), " ")
	want := fmt.Sprintf("Of its %d entries, %d are what no page of Microsoft's describes, and of %d the page leaves something open", entries, undocumented, unconfirmed)
	if !strings.Contains(words, want) {
		t.Errorf("docs/agent.md does not say %q", want)
	}
}
