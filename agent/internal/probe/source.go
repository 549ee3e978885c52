package probe

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/shared/check"
)

// A check's sources are lines of fields separated by '|': text and not structs,
// because the agent counts bytes. The first field is the kind, the second the
// fact's name.
//
//	host                                        facts host.*
//	date|FACT                                   today in UTC
//	reg|FACT|KEY|VALUE                          a registry value; no fact when it is absent
//	count|FACT|KEY|VALUE                        how many lines of a value are not empty
//	key|FACT|KEY                                "yes" when the key exists, else no fact
//	own|OWNER|KEY|VALUE                         fact owner, if the value exists and no earlier line named one
//	own|OWNER|KEY|VALUE|TEXT                    the same, if the value has this text
//	own|OWNER                                   fact owner, if no earlier line named one
//	user|FACT|PATH|VALUE,VALUE                  a row for each person's loaded hive: Sid and the values there are;
//	                                            group policy is the owner where a path of policies has any
//	wmi|FACT|NAMESPACE|CLASS|PROP,PROP|WHERE|NAME=VALUE   a row for each instance
//	wmi|owner|...                               fact owner is gpo, if there is an instance
//	one|FACT,FACT|NAMESPACE|CLASS|PROP,PROP     a fact for each property of the only instance
//	drive|FACT                                  the volumes of this machine's own disks
//	ntp|FACT                                    a row from a time server that earlier facts name
//	api|FACT|FUNCTION|ARGUMENT,ARGUMENT         a row for each answer; no fact for what does not exist
//
// The last PROPs may be "+METHOD.RESULT ARGUMENT=VALUE" or "+METHOD.RESULT", called
// on each instance; its key is then the first property. A line that begins with "-FACT|" is skipped
// when an earlier one gave FACT. A kind with '*' makes Windows work hard, so its
// answer is kept for hours. A kind with '?' turns an error into the fact
// FACT_error and goes on; any other error ends the reading, so that the verdict
// is unknown.

// maxFields is how many fields a line has.
const maxFields = 7

// errEmpty is the answer "nothing" where Windows always has something.
const errEmpty winapi.Sentinel = "the answer is empty"

// read runs the lines of a check's sources.
func (m *machine) read(ctx context.Context, sources string) (check.Facts, error) {
	var facts check.Facts
	for sources != "" {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var line string
		line, sources, _ = strings.Cut(sources, "\n")
		if line[0] == '-' {
			name, rest, _ := strings.Cut(line[1:], "|")
			if _, there := facts.Get(name); there {
				continue
			}
			line = rest
		}
		if err := m.readLine(ctx, &facts, line); err != nil {
			return nil, err
		}
	}
	return facts, nil
}

// readLine reads one line, or takes what is kept of it.
func (m *machine) readLine(ctx context.Context, facts *check.Facts, line string) error {
	// As an array in place: its code is half of what an array of its own takes.
	field := (*[maxFields]string)(append(strings.Split(line, "|"), make([]string, maxFields)...))
	kind, optional := strings.CutSuffix(field[0], "?")
	kind, slow := strings.CutSuffix(kind, "*")
	if slow && m.kept != nil && line == m.kept.line && m.now().Unix() < m.kept.until {
		*facts = append(*facts, m.kept.facts...)
		return nil
	}
	before := len(*facts)
	err := m.source(ctx, facts, kind, field)
	if err != nil && optional && ctx.Err() == nil {
		facts.Add(field[1]+check.ErrorSuffix, errorText(err))
		return nil
	}
	if err == nil && slow {
		m.kept = &kept{line, append(check.Facts(nil), (*facts)[before:]...), m.now().Add(keepFor).Unix()}
	}
	return err
}

// kept is the answer to a slow source. One is enough: only patches has one, and
// a check's readings do not overlap.
type kept struct {
	line  string
	facts check.Facts
	until int64 // seconds since 1970
}

// keepFor is how long the answer to a slow source serves.
const keepFor = 6 * time.Hour

// errorText is the code alone where there is one: judges compare it.
func errorText(err error) string {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		if code, ok := inner.(winapi.Code); ok { //nolint:errorlint // errors.AsType costs the agent 2 KB a type
			return code.Error()
		}
	}
	return err.Error()
}

func (m *machine) source(ctx context.Context, facts *check.Facts, kind string, field *[maxFields]string) error {
	switch kind {
	case "host":
		host, err := m.aboutHost(ctx)
		*facts = append(*facts, host...)
		return err
	case "date":
		facts.Add(field[1], m.now().UTC().Format(time.DateOnly))
		return nil
	case "reg", "count", "own":
		return m.readValue(facts, kind, field)
	case "key":
		_, err := m.registry.keys(longKey(field[2]))
		if err == nil {
			facts.Add(field[1], "yes")
		}
		return absentIsFine(err)
	case "user":
		return m.readUsers(facts, field)
	case "wmi", "one":
		return m.readInstances(ctx, facts, kind, field)
	case "drive":
		return m.readDrives(ctx, facts)
	case "ntp":
		return m.readOffset(ctx, facts, field)
	}
	return m.callAPI(ctx, facts, field)
}

// absentIsFine leaves absence to the judge.
func absentIsFine(err error) error {
	if errors.Is(err, winapi.ErrNotExist) {
		return nil
	}
	return err
}

func (m *machine) readValue(facts *check.Facts, kind string, field *[maxFields]string) error {
	if kind == "own" {
		if _, named := facts.Get(check.FactOwner); named {
			return nil
		}
		if field[2] == "" {
			facts.Add(check.FactOwner, field[1])
			return nil
		}
	}
	text, err := m.registry.value(longKey(field[2]), field[3])
	switch {
	case err != nil:
		return absentIsFine(err)
	case kind == "own":
		if field[4] == "" || field[4] == text {
			facts.Add(check.FactOwner, field[1])
		}
	case kind == "count":
		n := 0
		for _, line := range strings.Split(text, "\n") {
			if line != "" {
				n++
			}
		}
		facts.Add(field[1], strconv.Itoa(n))
	default:
		facts.Add(field[1], text)
	}
	return nil
}

// Prefixes of the SIDs of people: accounts of this machine and of domains, and
// of Entra ID. Others are services.
var peopleSIDs = [...]string{"S-1-5-21-", "S-1-12-1-"}

// userPolicies begins the paths that group policy writes.
const userPolicies = `Software\Policies`

// readUsers reads values from the hive of everybody who is logged on. The agent
// is a service: its own HKCU is nobody's.
func (m *machine) readUsers(facts *check.Facts, field *[maxFields]string) error {
	hives, err := m.registry.keys("HKU")
	if err != nil {
		return err
	}
	for _, sid := range hives {
		person := false
		for _, prefix := range peopleSIDs {
			person = person || strings.HasPrefix(sid, prefix) && !strings.HasSuffix(sid, "_Classes")
		}
		if !person {
			continue
		}
		row := check.AppendField("", "Sid", sid)
		alone := len(row)
		for _, name := range strings.Split(field[3], ",") {
			text, err := m.registry.value(`HKU\`+sid+`\`+field[2], name)
			if err == nil {
				row = check.AppendField(row, name, text)
			} else if absentIsFine(err) != nil {
				return err
			}
		}
		facts.Add(field[1], row)
		if _, named := facts.Get(check.FactOwner); !named && len(row) > alone && strings.HasPrefix(field[2], userPolicies) {
			facts.Add(check.FactOwner, "gpo")
		}
	}
	return nil
}

func (m *machine) readInstances(ctx context.Context, facts *check.Facts, kind string, field *[maxFields]string) error {
	q := query{namespace: field[2], class: field[3], where: field[5], context: field[6]}
	properties, methods, _ := strings.Cut(field[4], ",+")
	q.properties = strings.Split(properties, ",")
	rows, err := m.provider.query(ctx, &q)
	if err != nil {
		return err
	}
	if kind == "one" && len(rows) == 0 {
		return errEmpty
	}
	for _, cells := range rows {
		if field[1] == check.FactOwner {
			facts.Add(check.FactOwner, "gpo")
			return nil
		}
		row, names := "", strings.Split(field[1], ",")
		for i := range cells {
			switch {
			case cells[i].Null:
			case kind == "one":
				facts.Add(names[i], cells[i].Text)
			default:
				row = check.AppendField(row, q.properties[i], cells[i].Text)
			}
		}
		if kind == "one" {
			return nil
		}
		for rest := methods; rest != ""; {
			var call string
			call, rest, _ = strings.Cut(rest, ",+")
			if row, err = m.callMethod(ctx, row, &q, cells[0].Text, call); err != nil {
				return err
			}
		}
		facts.Add(field[1], row)
	}
	return nil
}

// callMethod adds the result of a method to a row, unless the method refuses, as
// it does on a locked volume.
func (m *machine) callMethod(ctx context.Context, row string, q *query, key, call string) (string, error) {
	key = strings.ReplaceAll(strings.ReplaceAll(key, `\`, `\\`), `"`, `\"`)
	call, argument, _ := strings.Cut(call, " ")
	method, result, _ := strings.Cut(call, ".")
	cells, err := m.provider.method(ctx, q.namespace, q.class+"."+q.properties[0]+`="`+key+`"`, method, argument, result)
	if err == nil && cells[0].Text == "0" && !cells[1].Null {
		row = check.AppendField(row, result, cells[1].Text)
	}
	return row, err
}

func (m *machine) callAPI(ctx context.Context, facts *check.Facts, field *[maxFields]string) error {
	for _, argument := range strings.Split(field[3], ",") {
		rows, err := m.provider.api(ctx, field[2], argument)
		if absentIsFine(err) != nil {
			return err
		}
		for i := range rows {
			if err == nil {
				facts.Add(field[1], rows[i])
			}
		}
	}
	return nil
}
