package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/winapi"
)

// difference is a place where two readers of one Windows disagree.
type difference struct {
	Query   string `json:"query"`
	What    string `json:"what"`
	Agent   string `json:"agent"`
	Library string `json:"library"`
}

func (d *difference) String() string {
	return fmt.Sprintf("%s: %s: the agent has %s, the library %s", d.Query, d.What, d.Agent, d.Library)
}

// answer is what a reader got for a query.
type answer struct {
	rows []winapi.Row
	err  error
}

// compare gives where the library's answer is not the agent's. Two failures are
// no difference: their words always differ. The order of rows does not count.
func compare(q *query, agent, library answer, redact *redactor) []difference {
	var found []difference
	add := func(what, a, b string) {
		found = append(found, difference{q.text(), what, redact.text(a), redact.text(b)})
	}
	switch {
	case agent.err != nil && library.err != nil:
		return nil
	case agent.err != nil || library.err != nil:
		add("error", outcome(agent), outcome(library))
		return found
	case len(agent.rows) != len(library.rows):
		add("number of rows", fmt.Sprint(len(agent.rows)), fmt.Sprint(len(library.rows)))
		return found
	}
	a, b := sorted(agent.rows), sorted(library.rows)
	for i := range a {
		for j, property := range q.properties {
			x, y := cell(a[i], j), cell(b[i], j)
			if x != y {
				add(property, redact.property(q.class, property, x), redact.property(q.class, property, y))
			}
		}
	}
	return found
}

func outcome(a answer) string {
	if a.err != nil {
		return a.err.Error()
	}
	return fmt.Sprintf("%d rows", len(a.rows))
}

func cell(row winapi.Row, i int) string {
	if i >= len(row) || row[i].Null {
		return "NULL"
	}
	return fmt.Sprintf("%q", row[i].Text)
}

// sorted orders rows by their text.
func sorted(rows []winapi.Row) []winapi.Row {
	key := func(row winapi.Row) string {
		text := ""
		for i := range row {
			text += "\x00" + cell(row, i)
		}
		return text
	}
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b winapi.Row) int { return strings.Compare(key(a), key(b)) })
	return rows
}
