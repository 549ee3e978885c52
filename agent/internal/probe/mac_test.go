package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/osiriscare/osiris/agent/internal/command"
	"github.com/osiriscare/osiris/shared/check"
)

// macNow is when every Mac of the fixtures is read.
var macNow = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// fakeMac answers from a fixture: a comment of lines "KEY VALUE" and files named
// after commands, or "file PATH DATE". A command that is not there is missing.
//
//	origin      captured, documented or invented
//	source      where the answers are from
//	version     of macOS
//	console     id of the user at the screen
//	parameter   NAME VALUE
//	want, actual, reason    the verdict
//	fact        NAME VALUE that the readers must give
type fakeMac struct {
	comment map[string]string
	facts   check.Facts
	params  check.Facts
	answers map[string][]byte
	dates   map[string]time.Time
	users   map[string]uint32
}

func openMac(t testing.TB, file string) *fakeMac {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	archive := txtar.Parse(content)
	f := &fakeMac{
		comment: map[string]string{}, answers: map[string][]byte{}, dates: map[string]time.Time{}, users: map[string]uint32{},
	}
	for line := range strings.Lines(string(archive.Comment)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		name, rest, _ := strings.Cut(value, " ")
		switch key {
		case "fact":
			f.facts.Add(name, rest)
		case "parameter":
			f.params.Add(name, rest)
		case "origin", "source", "version", "console", "want", "actual", "reason":
			f.comment[key] = value
		default:
			t.Fatalf("%s: what is %q?", file, line)
		}
	}
	for _, section := range archive.Files {
		name := section.Name
		if rest, ok := strings.CutPrefix(name, "file "); ok {
			path, date := rest[:strings.LastIndexByte(rest, ' ')], rest[strings.LastIndexByte(rest, ' ')+1:]
			if f.dates[path], err = time.Parse(time.DateOnly, date); err != nil {
				t.Fatal(err)
			}
			name = "file " + path
		}
		f.answers[name] = section.Data
	}
	return f
}

func (f *fakeMac) run(_ context.Context, c *command.Command, user uint32) ([]byte, error) {
	f.users[c.Line()] = user
	content, ok := f.answers[c.Line()]
	if !ok {
		return nil, fmt.Errorf("running %s: %w", c.Line(), fs.ErrNotExist)
	}
	return content, nil
}

func (f *fakeMac) written(path string) (time.Time, error) {
	if _, ok := f.answers["file "+path]; !ok {
		return time.Time{}, fs.ErrNotExist
	}
	return f.dates[path], nil
}

func (f *fakeMac) console() (uint32, error) {
	id, err := strconv.ParseUint(f.comment["console"], 10, 32)
	return uint32(id), err
}

var macFixtureName = regexp.MustCompile(`\A[0-9]{2}(\.[0-9]+){0,2}-[a-z0-9-]+\.txtar\z`)

// TestMacFixtures reads and judges every file of testdata/darwin.
func TestMacFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/darwin/*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are %d fixtures (%v)", len(files), err)
	}
	seen := map[check.ID]int{}
	for _, file := range files {
		id := check.ID(filepath.Base(filepath.Dir(file)))
		seen[id]++
		t.Run(string(id)+"/"+strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			f := openMac(t, file)
			if !macFixtureName.MatchString(filepath.Base(file)) {
				t.Errorf("its name is not <version of macOS>-<state>.txtar")
			}
			if !slices.Contains([]string{"captured", "documented", "invented"}, f.comment["origin"]) || f.comment["source"] == "" {
				t.Errorf("origin is %q, source %q", f.comment["origin"], f.comment["source"])
			}
			facts, err := (&mac{f, f.comment["version"], macNow}).read(context.Background(), id)
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
			for i := range macTable {
				s := &macTable[i]
				if s.command == nil {
					continue
				}
				if user, ran := f.users[s.command.Line()]; ran && s.user != (user != 0) {
					t.Errorf("%s ran for user %d", s.command.Line(), user)
				}
			}
			v := check.Judge(id, facts, f.params.Get)
			got := strings.TrimSpace(v.Status.String() + " " + v.Severity)
			if got != f.comment["want"] || v.Actual != f.comment["actual"] || v.Reason != f.comment["reason"] {
				t.Errorf("the verdict is\nwant %s\nactual %s\nreason %s\nwith facts %q", got, v.Actual, v.Reason, facts)
			}
		})
	}
	for i := range macTable {
		if n := seen[macTable[i].id]; n < 3 {
			t.Errorf("%s has %d fixtures", macTable[i].id, n)
		}
	}
}

func TestTheTableOfMacsIsWellFormed(t *testing.T) {
	last := check.ID("")
	over := map[check.ID]bool{}
	for i := range macTable {
		s := &macTable[i]
		if s.id != last && over[s.id] {
			t.Errorf("the sources of %s do not stand together", s.id)
		}
		over[s.id], last = true, s.id
		if s.command == nil && s.path == "" {
			t.Errorf("a source of %s reads nothing", s.id)
		}
		for _, row := range strings.Split(s.words, "\n") {
			field := strings.Split(row, "|")
			if len(field) != 3 {
				t.Errorf("%s: %q has not three fields", s.id, row)
				continue
			}
			if field[0] != "" && !slices.Contains(check.FactNames(s.id), field[0]) {
				t.Errorf("%s: the check does not list the fact %q", s.id, field[0])
			}
		}
	}
}

// state is what was understood, in one line.
func (r *reading) state(err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	var text []string
	for _, f := range r.facts {
		text = append(text, f.Name+"="+f.Value)
	}
	return strings.Join(text, " ")
}

func TestWordsAreUnderstood(t *testing.T) {
	const words = "version|#|Version:\nage_days|@|Installed:\nservice|ssh|\tcom.openssh.sshd"
	const keys = "on|<|<key>On</key>\nname|<|<key>Name</key>\nseen|@|<key>Seen</key>\noffer|%|<key>MSU_\n||"
	for _, c := range []struct{ name, words, output, want string }{
		{"two facts of one line", words, "Version: 5363 Installed: 2026-11-16 11:37:50 +0000\n", "version=5363 age_days=6"},
		{"a date of the other form", words, "Installed: 2026-11-16T20:53:25Z\n", "age_days=6"},
		{"a date to come is below zero", words, "Installed: 2026-12-01 11:37:50 +0000\n", "age_days=-8"},
		{"no date", words, "Version: 5363 Installed: never\n", "version=5363"},
		{"no number", words, "Version: none\n", `error: unexpected output "Version: none"`},
		{"a number that is too long", words, "Version: 1234567890\n", `error: unexpected output "Version: 1234567890"`},
		{"a label is the end of a line", words, "-\t0\tcom.openssh.sshd.A1\n", `error: unexpected output "-\t0\tcom.openssh.sshd.A1"`},
		{"and that whole", words, "-\t0\tcom.openssh.sshd\n412\t0\tcom.openssh.sshd.A1\n", "service=ssh"},
		{"digits alone", "idle|#|", "600\n", "idle=600"},
		{"a line that begins with digits", "idle|#|", "2026-11-22 sysadminctl[1:2]\n", `error: unexpected output "2026-11-22 sysadminctl[1:2]"`},
		{"nothing", words, "", `error: unexpected output ""`},
		{"a constant that repeats counts once", "state|on|enabled", "enabled\nenabled\n", "state=on"},
		{"numbers that repeat do not", "sleep|#|displaysleep", " displaysleep  10\n displaysleep 2\n", "sleep=10 sleep=2"},
		{"a long complaint is cut", words, strings.Repeat("x", 500), `error: unexpected output "` + strings.Repeat("x", quoteLimit) + `"`},
		{"an XML switch", keys, "\t<key>On</key>\n\t<true/>\n", "on=1"},
		{"an XML switch that is off", keys, "\t<key>On</key>\n\t<false/>\n", "on=0"},
		{"an XML number", keys, "\t<key>On</key>\n\t<integer>1</integer>\n", "on=1"},
		{"an XML text", keys, "<key>Name</key><string>A &amp; B</string>", "name=A & B"},
		{"an empty XML text is none", keys, "<key>Name</key>\n<string></string>\n<key>Name</key>\n<string/>", ""},
		{"an XML date", keys, "<key>Seen</key>\n\t<date>2026-11-21T18:40:50Z</date>", "seen=1"},
		{"a date that is none", keys, "<key>Seen</key>\n\t<date>yesterday, at noon</date>", ""},
		{"a key with a date", keys, "\t\t<key>MSU_X_patch_26.7_minor</key>\n\t\t<date>2026-09-15T01:36:31Z</date>", "offer=X_patch_26.7_minor 68"},
		{"a key without one", keys, "\t\t<key>MSU_X_patch_26.7_minor</key>\n\t\t<string>x</string>", ""},
		{"what nobody looks for", keys, "<key>Other</key>\n<true/>", ""},
		{"accounts of the system are nobody's", "admin|<|<string>", "<string>root</string>\n<string>_mbsetupuser</string>\n<string>Front Desk</string>\n", "admin=Front Desk"},
	} {
		r := &reading{now: macNow}
		err := r.words(strings.NewReader(c.output), c.words)
		if got := r.state(err); got != c.want {
			t.Errorf("%s: words(%q) = %s; want %s", c.name, c.output, got, c.want)
		}
	}
}

func TestAnEarlierSourceHolds(t *testing.T) {
	r := &reading{now: macNow, facts: check.Facts{{Name: "on", Value: "0"}}, before: 1}
	err := r.words(strings.NewReader("<key>On</key><true/>\n<key>Name</key><string>a</string>\n<key>Name</key><string>b</string>"),
		"on|<|<key>On</key>\nname|<|<key>Name</key>")
	if got := r.state(err); got != "on=0 name=a name=b" {
		t.Errorf("words = %s", got)
	}
}

func TestWhatNobodyAtTheScreenHasIsUnknown(t *testing.T) {
	f := &fakeMac{comment: map[string]string{"console": "0"}, users: map[string]uint32{}}
	m := &mac{f, "26.7", macNow}
	err := m.source(context.Background(), &macSource{command: &command.ScreenLock, user: true}, &reading{})
	if !errors.Is(err, errNobody) || len(f.users) != 0 {
		t.Errorf("source = %v after asking %v; want %v and no command", err, f.users, errNobody)
	}
}

// macOutputs seeds the fuzz targets with every answer of the fixtures.
func macOutputs(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob("testdata/darwin/*/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, section := range txtar.Parse(content).Files {
			f.Add(section.Data)
		}
	}
}

func FuzzWords(f *testing.F) {
	macOutputs(f)
	f.Fuzz(func(t *testing.T, output []byte) {
		for i := range macTable {
			r := &reading{now: macNow}
			_ = r.words(bytes.NewReader(output), macTable[i].words)
			if len(r.facts) > macFactsLimit {
				t.Errorf("%s has %d facts", macTable[i].id, len(r.facts))
			}
			for _, fact := range r.facts {
				if len(fact.Value) > 2*macTextLimit || strings.ToValidUTF8(fact.Value, "") != fact.Value {
					t.Errorf("the fact %s is %q", fact.Name, fact.Value)
				}
			}
		}
	})
}
