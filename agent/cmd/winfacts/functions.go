package main

import (
	"context"
	"strconv"
	"strings"

	"github.com/osiriscare/osiris/shared/check"
)

// functions captures what is no registry and no WMI. The readers' facts are
// those answers word for word, so nothing is asked twice: a search for updates
// takes minutes.
func functions(f *fixture, q *query, facts check.Facts) {
	for _, argument := range q.arguments {
		var rows []string
		for _, fact := range facts {
			if fact.Name != q.fact {
				continue
			}
			if name, _ := parseRow(fact.Value).Get("Name"); q.function != "QueryService" || name == argument {
				rows = append(rows, fact.Value)
			}
		}
		reason, failed := facts.Get(q.fact + check.ErrorSuffix)
		whole, broken := facts.Get(check.FactError)
		switch {
		case len(rows) > 0:
			f.api(q.function, argument, rows)
		case failed:
			f.apiFailed(q.function, argument, reason)
		case broken && !q.optional && (q.function != "QueryService" || strings.Contains(whole, argument)):
			f.apiFailed(q.function, argument, whole)
		case q.function != "QueryService":
			f.api(q.function, argument, nil)
		}
		// A service without a row is not there, which a fixture says by silence.
	}
}

// Kinds of GetDriveType and STORAGE_BUS_TYPE.
const (
	driveFixed = "3"
	busUSB     = "7"
)

// drives captures the letters. The readers give those that count; the others are
// what WMI lists beside them. The bus of a disk that counts stays 0, "cannot
// tell", and a fixed one that does not count is on USB.
func (c *capture) drives(ctx context.Context, f *fixture, facts check.Facts) {
	counted := map[string]bool{}
	for _, fact := range facts {
		field := strings.Fields(fact.Value)
		if fact.Name != check.FactVolume || len(field) != 3 {
			continue
		}
		counted[field[2]] = true
		f.drive(field[2], check.Facts{{Name: "Kind", Value: driveFixed}, {Name: "Total", Value: field[0]}, {Name: "Free", Value: field[1]}})
	}
	q := &query{namespace: `root\cimv2`, class: "Win32_LogicalDisk", properties: []string{"DeviceID", "DriveType", "Size", "FreeSpace"}}
	rows, err := c.windows.query(ctx, q)
	if err != nil {
		f.remark("Other letters are not known: " + err.Error() + ".")
	}
	for _, row := range rows {
		if len(row) != len(q.properties) || counted[row[0].Text] {
			continue
		}
		drive := check.Facts{{Name: "Kind", Value: row[1].Text}}
		if row[1].Text == driveFixed {
			drive.Add("Bus", busUSB)
			for i, property := range []string{"Total", "Free"} {
				if cell := row[2+i]; !cell.Null {
					drive.Add(property, cell.Text)
				}
			}
		}
		f.drive(row[0].Text, drive)
	}
	if reason, failed := facts.Get(check.FactError); failed {
		f.fails("drive all", reason)
	}
}

// servers captures the time servers: the one that answered with its answer, all
// others as silent. The replay asks only those that come before it.
func (c *capture) servers(f *fixture, q *query, facts check.Facts) {
	var silent []string
	for _, factName := range []string{check.FactTimeDomain, check.FactTimeServer, check.FactTimeServerPolicy} {
		text, _ := facts.Get(factName)
		for _, entry := range strings.Fields(text) {
			host, _, _ := strings.Cut(entry, ",")
			silent = append(silent, host)
		}
	}
	answered, ok := facts.Get(q.fact)
	server, _ := parseRow(answered).Get("Server")
	reason, known := facts.Get(q.fact + check.ErrorSuffix)
	if !known {
		reason = "code " + strconv.Itoa(timedOut)
	}
	for _, host := range silent {
		if at := host + ":123"; at != server {
			f.add("api SNTP " + c.redact.server(host) + ":123 ! " + codeOf(reason))
		}
	}
	if ok {
		host, port, _ := strings.Cut(server, ":")
		f.add("api SNTP " + c.redact.server(host) + ":" + port + " " + c.redact.row("SNTP", answered))
	}
}

// timedOut is WSAETIMEDOUT.
const timedOut = 10060
