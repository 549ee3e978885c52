package main

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

// queriesText is the agent's table of sources, keys written out, and the types
// of agent/internal/probe/sources.txt:
//
//	check CHECK LINE                  as agent/internal/probe/source.go has it
//	type NAMESPACE:CLASS|PROPERTY|TYPE
//
//go:embed queries.txt
var queriesText string

// query is one line of the table.
type query struct {
	check, kind, fact string
	optional          bool // an error becomes a fact and the reading goes on

	namespace, class, where, context string   // of wmi and one
	properties                       []string // the same
	calls                            []call   // on each instance
	key, value                       string   // of registry values; value may name several
	function                         string   // of api
	arguments                        []string // the same
}

// call is a method with its result, and its argument if it has one, "Name=value".
type call struct{ method, result, argument string }

// text is the query in WQL.
func (q *query) text() string {
	wql := "SELECT " + strings.Join(q.properties, ",") + " FROM " + q.class
	if q.where != "" {
		wql += " WHERE " + q.where
	}
	return wql
}

// place names the class as fixtures do.
func (q *query) place() string {
	return strings.TrimSpace(q.namespace + ":" + q.class + " " + q.context)
}

// table is all queries and the CIM types of what they ask for.
type table struct {
	lines []query
	types map[string]string
}

func queries() (*table, error) { return parseTable(queriesText) }

func parseTable(text string) (*table, error) {
	t := &table{types: map[string]string{}}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		kind, rest, _ := strings.Cut(line, " ")
		switch kind {
		case "", "#":
		case "type":
			i := strings.LastIndexByte(rest, '|')
			if i < 0 {
				return nil, fmt.Errorf("parsing the table: what is %q?", line)
			}
			t.types[rest[:i]] = rest[i+1:]
		case "check":
			check, source, _ := strings.Cut(rest, " ")
			q, err := parseQuery(check, source)
			if err != nil {
				return nil, err
			}
			t.lines = append(t.lines, *q)
		default:
			return nil, fmt.Errorf("parsing the table: what is %q?", line)
		}
	}
	return t, nil
}

func parseQuery(check, source string) (*query, error) {
	if strings.HasPrefix(source, "-") { // a condition; what it skips is captured too
		_, source, _ = strings.Cut(source, "|")
	}
	field := append(strings.Split(source, "|"), "", "", "", "", "", "")
	kind, optional := strings.CutSuffix(field[0], "?")
	q := &query{check: check, kind: strings.TrimSuffix(kind, "*"), fact: field[1], optional: optional}
	switch q.kind {
	case "host", "date", "drive", "ntp":
	case "reg", "count", "own", "key", "user":
		q.key, q.value = field[2], field[3]
	case "wmi", "one":
		q.namespace, q.class, q.where, q.context = field[2], field[3], field[5], field[6]
		parts := strings.Split(field[4], ",+")
		q.properties = strings.Split(parts[0], ",")
		for _, part := range parts[1:] {
			var c call
			part, c.argument, _ = strings.Cut(part, " ")
			c.method, c.result, _ = strings.Cut(part, ".")
			q.calls = append(q.calls, c)
		}
	case "api":
		q.function, q.arguments = field[2], strings.Split(field[3], ",")
	default:
		return nil, fmt.Errorf("parsing the table: what is %q?", source)
	}
	return q, nil
}

// of are the queries of a check.
func (t *table) of(check string) []query {
	var list []query
	for i := range t.lines {
		if t.lines[i].check == check {
			list = append(list, t.lines[i])
		}
	}
	return list
}

// checks are the names, in the table's order. "host" stands for what all checks
// know and is none.
func (t *table) checks() []string {
	var names []string
	for i := range t.lines {
		if name := t.lines[i].check; name != "host" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// cimType is the type of a query's property.
func (t *table) cimType(q *query, property string) string {
	return t.types[q.namespace+":"+q.class+"|"+property]
}
