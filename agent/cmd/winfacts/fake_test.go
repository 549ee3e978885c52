package main

import (
	"context"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/shared/check"
)

// fakeWindows is the machine of a fixture: what is captured of it must be the
// fixture again.
type fakeWindows struct {
	lines  []string
	checks []query
	other  func(q *query) ([]winapi.Row, error) // the library; nil agrees
}

func openFake(t *testing.T, file string, list []query) *fakeWindows {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return &fakeWindows{lines: strings.Split(strings.TrimSpace(string(content)), "\n"), checks: list}
}

func (f *fakeWindows) windows() *windows {
	return &windows{
		registry: f, instances: f, library: f, names: func() []name { return nil },
		facts: func(ctx context.Context, _ check.ID) check.Facts { return f.facts(ctx) },
	}
}

// after gives what follows the first line that begins so, and whether it is a
// failure.
func (f *fakeWindows) after(prefix string) (text string, err error) {
	for _, line := range f.lines {
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			if code, ok := strings.CutPrefix(rest, " ! "); ok {
				n, _ := strconv.ParseUint(code, 0, 32) // 0 would fail the test
				return "", &winapi.Error{Call: "a function", Object: prefix, Code: winapi.Code(n)}
			}
			return rest, nil
		}
	}
	return "", &winapi.Error{Call: "a function", Object: prefix, Code: 2}
}

func (f *fakeWindows) value(key, valueName string) (string, error) {
	if key == currentVersion {
		host, _ := f.after("host ")
		text, _ := parseRow(host).Get("build")
		return text, nil
	}
	text, err := f.after("reg " + key + "|" + valueName)
	return strings.ReplaceAll(strings.TrimPrefix(text, " = "), `\n`, "\n"), err
}

func (f *fakeWindows) keys(key string) ([]string, error) {
	if key != "HKU" {
		_, err := f.after("key " + key)
		return nil, err
	}
	var names []string
	seen := map[string]bool{}
	for _, line := range f.lines {
		for _, prefix := range []string{`reg HKU\`, `key HKU\`} {
			if rest, ok := strings.CutPrefix(line, prefix); ok {
				if sid, _, _ := strings.Cut(rest, `\`); !seen[sid] {
					seen[sid], names = true, append(names, sid)
				}
			}
		}
	}
	return names, nil
}

func (f *fakeWindows) query(_ context.Context, q *query) ([]winapi.Row, error) {
	if _, err := f.after("wmi " + q.place()); err != nil {
		return nil, err
	}
	var rows []winapi.Row
	inside := false
	for _, line := range f.lines {
		rest, ok := strings.CutPrefix(line, "row ")
		if !ok {
			inside = line == "wmi "+q.place()
		} else if inside {
			rows = append(rows, cells(parseRow(rest), q.properties))
		}
	}
	return rows, nil
}

func cells(instance check.Facts, names []string) winapi.Row {
	var row winapi.Row
	for _, n := range names {
		text, ok := instance.Get(n)
		row = append(row, winapi.Cell{Text: text, Null: !ok})
	}
	return row
}

func (f *fakeWindows) call(_ context.Context, _ *query, c *call, object string) (winapi.Row, error) {
	text, err := f.after("method " + object + " " + c.method)
	return cells(parseRow(strings.TrimSpace(text)), []string{"ReturnValue", c.result}), err
}

func (f *fakeWindows) ask(ctx context.Context, q *query, _ []string) ([]winapi.Row, error) {
	if f.other != nil {
		return f.other(q)
	}
	return f.query(ctx, q)
}

// facts are what the agent's readers would give of functions and WMI; the rest
// is captured without them.
func (f *fakeWindows) facts(ctx context.Context) check.Facts {
	var facts check.Facts
	host, _ := f.after("host ")
	for _, fact := range parseRow(host) {
		facts.Add("host."+fact.Name, fact.Value)
	}
	for i := range f.checks {
		q := &f.checks[i]
		for _, argument := range q.arguments {
			prefix := "api " + q.function + " " + argument
			for _, line := range f.lines {
				rest, ok := strings.CutPrefix(line, prefix+" ")
				code, failed := strings.CutPrefix(rest, "! ")
				switch {
				case ok && failed && q.optional:
					facts.Add(q.fact+check.ErrorSuffix, "code "+code)
				case ok && failed:
					facts.Add(check.FactError, "Not readable: calling a function for "+argument+": code "+code+".")
				case ok && rest != "none":
					facts.Add(q.fact, rest)
				}
			}
		}
		if q.kind == "wmi" {
			rows, _ := f.query(ctx, q) // a failure gives none
			for range rows {
				facts.Add(q.fact, "")
			}
		}
	}
	return facts
}
