package probe

import (
	"context"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/shared/check"
)

// fakeWindows answers from a fixture: one file of testdata/windows/<check>,
// named <os build>-<state>.txt. Its lines:
//
//	origin captured|documented|invented
//	source WHERE the values are from
//	now 2026-11-22
//	parameter NAME VALUE              of the policy
//	want STATUS [SEVERITY]
//	actual TEXT
//	reason TEXT
//	fact NAME VALUE                   the readers must have given
//	host NAME=VALUE;NAME=VALUE        host facts, without "host."
//	reg KEY|VALUE = TEXT              \n in TEXT is a line end
//	reg KEY|VALUE ! CODE              reading fails
//	key KEY                           exists
//	key KEY ! CODE
//	wmi NAMESPACE:CLASS [CONTEXT]     its instances follow as rows
//	row NAME=VALUE;NAME=VALUE         dates in RFC 3339 or in WMI's own form
//	wmi NAMESPACE:CLASS [CONTEXT] ! CODE
//	method OBJECT METHOD ReturnValue=0;NAME=VALUE
//	api FUNCTION ARGUMENT ROW         repeats for more rows; ROW "none" is an empty answer
//	api FUNCTION ARGUMENT ! CODE
//	drive C: Kind=3;Bus=17;Total=BYTES;Free=BYTES   a letter; the system's own first
//	drive all ! CODE
//
// Registry values, keys and services that are not there do not exist, and group
// policy sets nothing that is not there (root\rsop\computer); another WMI class or function that is not there breaks the test.
type fakeWindows struct {
	t *testing.T

	origin, source, now       string
	want, actual, reason      string
	parameters, facts, host   check.Facts
	values, keyNames, methods check.Facts
	classes                   map[string][]check.Facts
	answers                   map[string][]string
	failures                  map[string]winapi.Code
	lastClass                 string
	letters                   []drive
}

func openFixture(t *testing.T, file string) *fakeWindows {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeWindows{
		t: t, now: "2026-11-22", classes: map[string][]check.Facts{},
		answers: map[string][]string{}, failures: map[string]winapi.Code{},
	}
	for line := range strings.Lines(string(content)) {
		if line = strings.TrimRight(line, "\n"); line == "" || line[0] == '#' {
			continue
		}
		if kind, rest, _ := strings.Cut(line, " "); !f.line(kind, rest) {
			t.Fatalf("%s: what is %q?", file, line)
		}
	}
	return f
}

func (f *fakeWindows) line(kind, rest string) bool {
	if place, code, ok := strings.Cut(rest, " ! "); ok {
		n, err := strconv.ParseUint(code, 0, 32)
		f.failures[kind+" "+place] = winapi.Code(n)
		return err == nil
	}
	switch kind {
	case "origin":
		f.origin = rest
	case "source":
		f.source = rest
	case "now":
		f.now = rest
	case "want":
		f.want = rest
	case "actual":
		f.actual = rest
	case "reason":
		f.reason = rest
	case "parameter", "fact":
		list := &f.parameters
		if kind == "fact" {
			list = &f.facts
		}
		name, value, _ := strings.Cut(rest, " ")
		list.Add(name, value)
	case "host":
		for _, fact := range parseRow(rest) {
			f.host.Add("host."+fact.Name, fact.Value)
		}
	case "reg":
		place, text, ok := strings.Cut(rest, " = ")
		f.values.Add(place, strings.ReplaceAll(text, `\n`, "\n"))
		return ok
	case "key":
		f.keyNames.Add(rest, "")
	case "wmi":
		f.classes[rest], f.lastClass = nil, rest
	case "row":
		f.classes[f.lastClass] = append(f.classes[f.lastClass], parseRow(rest))
		return f.lastClass != ""
	case "method":
		i := strings.LastIndexByte(rest, ' ')
		f.methods.Add(rest[:i], rest[i+1:])
	case "api":
		function, call, _ := strings.Cut(rest, " ")
		argument, text, _ := strings.Cut(call, " ")
		name := function + " " + argument
		if text == "none" {
			f.answers[name] = []string{}
		} else {
			f.answers[name] = append(f.answers[name], text)
		}
	case "drive":
		name, text, _ := strings.Cut(rest, " ")
		row := parseRow(text)
		number := func(name string) uint64 {
			text, _ := row.Get(name)
			n, err := strconv.ParseUint("0"+text, 10, 64)
			if err != nil {
				f.t.Error(err)
			}
			return n
		}
		f.letters = append(f.letters, drive{
			name: name, kind: uint32(number("Kind")), bus: uint32(number("Bus")),
			size: size{number("Total"), number("Free")},
		})
	default:
		return false
	}
	return true
}

// parseRow reads what check.FormatRow writes.
func parseRow(text string) check.Facts {
	var row check.Facts
	var part []byte
	for i := 0; i <= len(text); i++ {
		switch {
		case i == len(text) || text[i] == ';':
			name, value, _ := strings.Cut(string(part), "=")
			row.Add(name, value)
			part = nil
			continue
		case text[i] == '\\':
			i++
		}
		part = append(part, text[i])
	}
	return row
}

func (f *fakeWindows) machine() *machine {
	now, err := time.Parse(time.DateOnly, f.now)
	if err != nil {
		f.t.Fatal(err)
	}
	m := &machine{registry: f, provider: f, now: func() time.Time { return now }}
	if f.host != nil {
		m.host = f.host
	}
	return m
}

func (f *fakeWindows) failure(place string) error {
	if code, ok := f.failures[place]; ok {
		return &winapi.Error{Call: "a function", Object: place, Code: code}
	}
	return nil
}

func (f *fakeWindows) value(key, name string) (string, error) {
	if err := f.failure("reg " + key + "|" + name); err != nil {
		return "", err
	}
	if text, ok := f.values.Get(key + "|" + name); ok {
		return text, nil
	}
	return "", &winapi.Error{Call: "RegQueryValueEx", Object: key, Code: 2}
}

func (f *fakeWindows) keys(key string) ([]string, error) {
	if err := f.failure("key " + key); err != nil {
		return nil, err
	}
	names, exists := map[string]bool{}, key == "HKU"
	var list []string
	for _, fact := range append(append(check.Facts(nil), f.values...), f.keyNames...) {
		place, _, _ := strings.Cut(fact.Name, "|")
		if place == key {
			exists = true
		}
		rest, below := strings.CutPrefix(place, key+`\`)
		name, _, _ := strings.Cut(rest, `\`)
		if below && !names[name] {
			exists, names[name] = true, true
			list = append(list, name)
		}
	}
	if !exists {
		return nil, &winapi.Error{Call: "RegOpenKeyEx", Object: key, Code: 2}
	}
	return list, nil
}

func (f *fakeWindows) query(_ context.Context, q *query) ([]winapi.Row, error) {
	place := strings.TrimSpace(q.namespace + ":" + q.class + " " + q.context)
	if err := f.failure("wmi " + place); err != nil {
		return nil, err
	}
	instances, ok := f.classes[place]
	if !ok && q.namespace != `root\rsop\computer` {
		f.t.Errorf("the fixture has no %s", place)
	}
	var rows []winapi.Row
	for _, instance := range instances {
		rows = append(rows, cells(instance, q.properties...))
	}
	return rows, nil
}

// cells are the properties of an instance; NULL is what it lacks.
func cells(instance check.Facts, properties ...string) winapi.Row {
	var row winapi.Row
	for _, p := range properties {
		text, ok := instance.Get(p)
		row = append(row, winapi.Cell{Text: utc(text), Null: !ok})
	}
	return row
}

// utc is what winapi makes of a date in WMI's own form, with its offset in minutes.
// Under Wine winapi itself reads it (wbem_windows_test.go).
func utc(text string) string {
	if len(text) != 25 || !strings.ContainsAny(text[21:22], "+-") {
		return text
	}
	local, err := time.Parse("20060102150405.000000", text[:21])
	minutes, err2 := strconv.Atoi(text[21:])
	if err != nil || err2 != nil {
		return text
	}
	return local.Add(-time.Duration(minutes) * time.Minute).Format(time.RFC3339)
}

func (f *fakeWindows) method(_ context.Context, _, object, method, _, result string) (winapi.Row, error) {
	place := object + " " + method
	if err := f.failure("method " + place); err != nil {
		return nil, err
	}
	answer, ok := f.methods.Get(place)
	if !ok {
		f.t.Errorf("the fixture has no %s", place)
	}
	return cells(parseRow(answer), "ReturnValue", result), nil
}

func (f *fakeWindows) api(_ context.Context, function, argument string) ([]string, error) {
	place := function + " " + argument
	if err := f.failure("api " + place); err != nil {
		return nil, err
	}
	rows, ok := f.answers[place]
	switch {
	case !ok && function == "QueryService":
		return nil, &winapi.Error{Call: function, Object: argument, Code: 1060}
	case !ok:
		f.t.Errorf("the fixture has no %s", place)
	}
	return rows, nil
}

func (f *fakeWindows) drives(context.Context) ([]drive, error) {
	return f.letters, f.failure("drive all")
}
