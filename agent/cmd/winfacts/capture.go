package main

import (
	"context"
	"strings"
	"time"

	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/shared/check"
)

// windows is the machine that is captured: what winapi answers to the agent's
// readers, what the readers make of it, and the wmi library beside them.
type windows struct {
	registry
	instances
	library
	facts func(ctx context.Context, id check.ID) check.Facts
	names func() []name
}

// registry is always the 64-bit view; what is missing is winapi.ErrNotExist.
type registry interface {
	value(key, name string) (string, error)
	keys(key string) ([]string, error)
}

// instances asks WMI as the agent does.
type instances interface {
	query(ctx context.Context, q *query) ([]winapi.Row, error)
	// call gives ReturnValue and the call's result.
	call(ctx context.Context, q *query, c *call, object string) (winapi.Row, error)
}

// library asks WMI as others do. types are the CIM types of the properties.
type library interface {
	ask(ctx context.Context, q *query, types []string) ([]winapi.Row, error)
}

// capture makes a fixture of each check.
type capture struct {
	windows *windows
	table   *table
	redact  *redactor
}

// check reads one check with the agent's readers, asks again what they asked,
// and compares. It never fails: what could not be read is in the fixture.
func (c *capture) check(ctx context.Context, id string) *report {
	facts := c.windows.facts(ctx, check.ID(id))
	v := check.Judge(check.ID(id), facts, nil)
	r := &report{Check: id, Status: v.Status.String()}
	r.Build, _ = c.windows.value(currentVersion, "CurrentBuild")
	revision, _ := c.windows.value(currentVersion, "UBR")
	f := &fixture{redact: c.redact}
	list := c.table.of(id)
	for i := range list {
		if list[i].kind == "host" {
			f.host(c.host(ctx, facts))
			continue
		}
		f.optional = list[i].optional
		r.Differences = append(r.Differences, c.line(ctx, f, &list[i], facts)...)
	}
	r.Reason = c.redact.text(v.Reason) // now that all names are known
	if _, failed := facts.Get(check.FactError); failed {
		f.remark("Here: " + v.Reason)
		if f.broken != nil {
			v.Reason = "Not readable: " + f.broken.Error() + "."
		}
	}
	f.origin(r.Build, revision, time.Now().UTC().Format(time.DateOnly))
	f.verdict(&v)
	for _, fact := range facts {
		if fact.Name == check.FactOwner || strings.HasSuffix(fact.Name, check.ErrorSuffix) && codePattern.MatchString(fact.Value) {
			f.fact(fact.Name, fact.Value)
		}
	}
	r.Fixture = f.String()
	r.file = f
	return r
}

// host are the facts on role and edition; a reading that failed does not have
// them.
func (c *capture) host(ctx context.Context, facts check.Facts) check.Facts {
	if _, ok := facts.Get(check.FactBuild); ok {
		return facts
	}
	var host check.Facts
	list := c.table.of("host")
	for i := range list {
		q := &list[i]
		if q.kind == "reg" {
			if text, err := c.windows.value(q.key, q.value); err == nil {
				host.Add(q.fact, text)
			}
			continue
		}
		rows, err := c.windows.query(ctx, q)
		if err != nil || len(rows) != 1 {
			continue
		}
		for j, factName := range strings.Split(q.fact, ",") {
			if !rows[0][j].Null {
				host.Add(factName, rows[0][j].Text)
			}
		}
	}
	return host
}

// currentVersion says which Windows this is.
const currentVersion = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion`

// line captures what one line of the table asks for.
func (c *capture) line(ctx context.Context, f *fixture, q *query, facts check.Facts) []difference {
	switch q.kind {
	case "reg", "count", "own":
		if q.key != "" {
			text, err := c.windows.value(q.key, q.value)
			f.value(q.key, q.value, text, err)
		}
	case "key":
		_, err := c.windows.keys(q.key)
		f.key(q.key, err)
	case "user":
		c.hives(f, q)
	case "wmi", "one":
		return c.ask(ctx, f, q, facts)
	case "api":
		functions(f, q, facts)
	case "drive":
		c.drives(ctx, f, facts)
	case "ntp":
		c.servers(f, q, facts)
	}
	return nil
}

// hives captures the values of everybody who is logged on.
func (c *capture) hives(f *fixture, q *query) {
	names, err := c.windows.keys("HKU")
	if err != nil {
		f.key("HKU", err)
		return
	}
	for _, sid := range names {
		if m := sidPattern.FindString(sid); m != sid || strings.HasSuffix(sid, "_Classes") {
			continue // services, which the agent passes over too
		}
		f.key(`HKU\`+sid, nil)
		for _, valueName := range strings.Split(q.value, ",") {
			key := `HKU\` + sid + `\` + q.key
			text, err := c.windows.value(key, valueName)
			f.value(key, valueName, text, err)
		}
	}
}

// ask captures WMI's answer and compares it with the library's.
func (c *capture) ask(ctx context.Context, f *fixture, q *query, facts check.Facts) []difference {
	rows, err := c.windows.query(ctx, q)
	f.instances(q, rows, err)
	found := c.readers(q, rows, err, facts)
	for _, row := range rows {
		if len(row) == 0 {
			break
		}
		key := strings.ReplaceAll(strings.ReplaceAll(row[0].Text, `\`, `\\`), `"`, `\"`)
		object := q.class + "." + q.properties[0] + `="` + key + `"`
		for i := range q.calls {
			result, err := c.windows.call(ctx, q, &q.calls[i], object)
			f.method(object, &q.calls[i], result, err)
		}
	}
	if q.context != "" {
		// The library cannot hand a context to the provider, so it would ask another
		// store.
		f.remark(q.class + " with " + q.context + " is not compared: the wmi library cannot ask for it.")
		return found
	}
	types := make([]string, len(q.properties))
	for i, property := range q.properties {
		types[i] = c.table.cimType(q, property)
	}
	others, failed := c.windows.ask(ctx, q, types)
	return append(found, compare(q, answer{rows, err}, answer{others, failed}, c.redact)...)
}

// readers compares how many rows the agent's readers made facts of, some seconds
// before.
func (c *capture) readers(q *query, rows []winapi.Row, err error, facts check.Facts) []difference {
	if err != nil || q.kind != "wmi" {
		return nil
	}
	n := 0
	for _, fact := range facts {
		if fact.Name == q.fact {
			n++
		}
	}
	_, failed := facts.Get(check.FactError)
	_, skipped := facts.Get("server") // SMB's features are asked only without it
	if failed || n == len(rows) || q.fact == "feature" && skipped {
		return nil
	}
	return compare(q, answer{rows: make([]winapi.Row, n)}, answer{rows: rows}, c.redact)
}
