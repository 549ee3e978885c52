package main

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/winapi"
)

const fixtures = "../../internal/probe/testdata/windows"

// TestACaptureOfAFixtureIsTheFixture plays the agent's own fixtures as machines.
func TestACaptureOfAFixtureIsTheFixture(t *testing.T) {
	all, err := queries()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(fixtures + "/*/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are %d fixtures (%v)", len(files), err)
	}
	compared := 0
	for _, file := range files {
		id := filepath.Base(filepath.Dir(file))
		list := all.of(id)
		if len(list) == 0 || id == "disk_space" || id == "time_sync" {
			continue // what these read is not one line a question
		}
		t.Run(id+"/"+filepath.Base(file), func(t *testing.T) {
			f := openFake(t, file, list)
			redact := newRedactor(nil)
			c := &capture{windows: f.windows(), table: all, redact: redact}
			r := c.check(context.Background(), id)
			got := strings.Split(r.Fixture, "\n")
			if len(r.Differences) > 0 {
				t.Errorf("a library that says the same differs: %v", r.Differences)
			}
			for _, line := range f.lines {
				if !asked(line, list) {
					continue
				}
				compared++
				// Capturing again redacts again: the same machine has the same words.
				place, value, ok := strings.Cut(line, " = ")
				_, valueName, _ := strings.Cut(place, "|")
				want := redact.text(line)
				if ok && strings.HasPrefix(line, "reg ") {
					want = redact.text(place) + " = " + strings.ReplaceAll(redact.named(valueName, strings.ReplaceAll(value, `\n`, "\n")), "\n", `\n`)
				}
				if !slices.Contains(got, want) {
					t.Errorf("the capture lacks\n%s\nand has\n%s", want, r.Fixture)
				}
			}
		})
	}
	if compared < 100 {
		t.Errorf("only %d lines were compared", compared)
	}
}

// asked tells whether the table asks for a line: fixtures also have what the
// readers must pass over, such as the hives of services.
func asked(line string, list []query) bool {
	kind, rest, _ := strings.Cut(line, " ")
	rest, _, _ = strings.Cut(rest, " ! ")
	if hive, ok := strings.CutPrefix(rest, `HKU\`); ok {
		sid, _, _ := strings.Cut(hive, `\`)
		return sidPattern.FindString(sid) == sid && !strings.HasSuffix(sid, "_Classes")
	}
	if kind == "key" {
		return slices.ContainsFunc(list, func(q query) bool { return q.kind == kind && q.key == rest })
	}
	return kind == "reg" || kind == "wmi" || kind == "method"
}

func TestALibraryThatAnswersOtherwiseIsReported(t *testing.T) {
	all, err := queries()
	if err != nil {
		t.Fatal(err)
	}
	f := openFake(t, fixtures+"/bitlocker/19045-encrypted.txt", all.of("bitlocker"))
	f.other = func(q *query) ([]winapi.Row, error) {
		if q.class == "Win32_LogicalDisk" {
			return []winapi.Row{{{Text: "D:"}}}, nil
		}
		return nil, winapi.NamespaceMissing
	}
	c := &capture{windows: f.windows(), table: all, redact: newRedactor(nil)}
	r := c.check(context.Background(), "bitlocker")
	if len(r.Differences) != 2 {
		t.Fatalf("differences are %v; want the failure and the letter", r.Differences)
	}
	if d := r.Differences[0]; d.What != "error" || d.Library != "code 0x8004100e" || d.Agent != "2 rows" {
		t.Errorf("the failure is %v", d)
	}
	if d := r.Differences[1]; d.What != "DeviceID" || d.Library != `"D:"` || d.Agent != `"C:"` {
		t.Errorf("the letter is %v", d)
	}
}

func TestAFailedReadingIsToldInTheWordsOfTheReplay(t *testing.T) {
	all, err := queries()
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"password_policy/19045-access-denied.txt": "api PasswordModals local: code 5, access is denied.",
		"firewall/19045-access-denied.txt":        "api QueryService MpsSvc: code 5, access is denied.",
	} {
		id := filepath.Dir(file)
		f := openFake(t, fixtures+"/"+file, all.of(id))
		c := &capture{windows: f.windows(), table: all, redact: newRedactor(nil)}
		r := c.check(context.Background(), id)
		if want = "\nreason Not readable: calling a function for " + want + "\n"; !strings.Contains(r.Fixture, want) {
			t.Errorf("%s: the capture lacks %q and has\n%s", file, want, r.Fixture)
		}
	}
}
