package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/shared/check"
)

// stateName is the part of a fixture's name that a person chooses.
var stateName = regexp.MustCompile(`\A[a-z0-9-]*\z`)

// fixture collects the lines of one file, in the form that fakeWindows of
// agent/internal/probe reads. Nothing is written twice.
type fixture struct {
	redact *redactor
	head   []string
	body   []string

	optional bool          // what is added now may fail, and the reading goes on
	broken   *winapi.Error // what ended the reading, in the replay's words
}

// fails says that a place cannot be read. The first that may not fail is where
// the agent's reading ended.
func (f *fixture) fails(place, reason string) {
	code := codeOf(reason)
	f.add(place + " ! " + code)
	if n, err := strconv.ParseUint(code, 0, 32); err == nil && f.broken == nil && !f.optional {
		f.broken = &winapi.Error{Call: "a function", Object: place, Code: winapi.Code(n)}
	}
}

// origin says where the file is from; now is the day, which judges may need.
func (f *fixture) origin(build, revision, now string) {
	f.head = append(f.head, "origin captured", "source winfacts on Windows build "+strings.TrimSuffix(build+"."+revision, ".")+", "+now, "now "+now)
}

// remark is a line for people.
func (f *fixture) remark(text string) {
	f.head = append([]string{"# " + f.redact.text(text)}, f.head...)
}

// verdict is what the test that replays the file must get.
func (f *fixture) verdict(v *check.Verdict) {
	f.head = append(f.head,
		strings.TrimSpace("want "+v.Status.String()+" "+v.Severity),
		"actual "+f.redact.text(v.Actual), "reason "+f.redact.text(v.Reason))
}

// fact asks the readers for what they gave here.
func (f *fixture) fact(name, value string) {
	f.head = append(f.head, "fact "+name+" "+f.redact.text(value))
}

func (f *fixture) host(facts check.Facts) {
	var row check.Facts
	for _, fact := range facts {
		if name, ok := strings.CutPrefix(fact.Name, "host."); ok {
			row.Add(name, fact.Value)
		}
	}
	if row != nil {
		f.add("host " + check.FormatRow(row))
	}
}

// value is a registry value; err says that it could not be read.
func (f *fixture) value(key, name, text string, err error) {
	place := "reg " + f.redact.text(key) + "|" + name
	switch {
	case errors.Is(err, winapi.ErrNotExist):
	case err != nil:
		f.fails(place, err.Error())
	default:
		f.add(place + " = " + strings.ReplaceAll(f.redact.named(name, text), "\n", `\n`))
		if strings.Contains(text, `\n`) {
			f.remark(name + ` has \n, which this form takes for a line end.`)
		}
	}
}

// key is a registry key that exists.
func (f *fixture) key(key string, err error) {
	switch {
	case errors.Is(err, winapi.ErrNotExist):
	case err != nil:
		f.fails("key "+f.redact.text(key), err.Error())
	default:
		f.add("key " + f.redact.text(key))
	}
}

// instances are WMI's answer to a query.
func (f *fixture) instances(q *query, rows []winapi.Row, err error) {
	place := "wmi " + q.place()
	if err != nil {
		if slices.Contains(f.body, place) {
			// One place has one answer, and the other properties were answered.
			f.remark("Asked for " + strings.Join(q.properties, ",") + ", " + q.class + " fails: code " + codeOf(err.Error()) + ".")
			return
		}
		f.fails(place, err.Error())
		return
	}
	if slices.Contains(f.body, place) {
		// Two lines of the table ask one class for different properties; the replay
		// takes its last block for both, so they become one.
		f.merge(place, q, rows)
		return
	}
	f.body = append(f.body, place)
	for _, row := range rows {
		f.body = append(f.body, "row "+f.row(q, row))
	}
}

// merge adds properties to the rows that stand under a place already.
func (f *fixture) merge(place string, q *query, rows []winapi.Row) {
	at := slices.Index(f.body, place) + 1
	for i, row := range rows {
		if text := f.row(q, row); at+i < len(f.body) && strings.HasPrefix(f.body[at+i], "row ") && text != "" {
			f.body[at+i] += ";" + text
		}
	}
}

// row writes the cells that are not NULL.
func (f *fixture) row(q *query, row winapi.Row) string {
	var facts check.Facts
	for i := range row {
		if !row[i].Null {
			facts.Add(q.properties[i], f.redact.property(q.class, q.properties[i], row[i].Text))
		}
	}
	return check.FormatRow(facts)
}

// method is the answer of one instance.
func (f *fixture) method(object string, c *call, row winapi.Row, err error) {
	place := "method " + f.redact.text(object) + " " + c.method
	if err != nil {
		f.fails(place, err.Error())
		return
	}
	var facts check.Facts
	for i, name := range []string{"ReturnValue", c.result} {
		if i < len(row) && !row[i].Null {
			facts.Add(name, row[i].Text)
		}
	}
	f.add(place + " " + check.FormatRow(facts))
}

// api is a function's answer, one row a line. Rows repeat, so add does not do.
func (f *fixture) api(function, argument string, rows []string) {
	place := "api " + function + " " + f.redact.text(argument) + " "
	if len(rows) == 0 {
		f.add(place + "none")
	}
	for _, row := range rows {
		f.body = append(f.body, place+f.redact.row(function, row))
	}
}

func (f *fixture) apiFailed(function, argument, reason string) {
	f.fails("api "+function+" "+f.redact.text(argument), reason)
}

// drive is a letter and what is behind it.
func (f *fixture) drive(name string, row check.Facts) {
	f.add("drive " + name + " " + check.FormatRow(row))
}

func (f *fixture) add(line string) {
	if !slices.Contains(f.body, line) {
		f.body = append(f.body, line)
	}
}

func (f *fixture) String() string {
	return strings.Join(append(slices.Clone(f.head), f.body...), "\n") + "\n"
}

// save writes FOLDER/<check>/<name>.txt and never over another file.
func (f *fixture) save(folder, id, name string) error {
	dir := filepath.Join(folder, id)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making a folder for %s: %w", id, err)
	}
	file, err := os.OpenFile(filepath.Join(dir, name+".txt"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("saving %s: %w", id, err)
	}
	_, err = file.WriteString(f.String())
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("saving %s: %w", id, err)
	}
	return nil
}

// codePattern is how winapi.Code prints itself.
var codePattern = regexp.MustCompile(`code (0x[0-9a-f]{1,8}|[0-9]{1,10})`)

// noCode stands for an error that is none of Windows: E_FAIL.
const noCode = "0x80004005"

// codeOf finds the code in an error's text.
func codeOf(text string) string {
	if m := codePattern.FindStringSubmatch(text); m != nil {
		if _, err := strconv.ParseUint(m[1], 0, 32); err == nil {
			return m[1]
		}
	}
	return noCode
}
