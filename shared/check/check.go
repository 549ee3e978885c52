// Package check turns facts into verdicts: one pure judge per check, fed by the
// agent's readers and by the appliance's scripts alike (DESIGN D18). Facts are
// text as read; sizes in them are bytes, times microseconds or RFC 3339 UTC.
// Four outcomes (D17): a reader that could not read gives the fact "error", and
// the verdict is unknown; a host without the part gives "not_applicable". Judges
// never touch the system, never fail and never look at a clock. Titles,
// citations and advice are in the catalogue, which the agent does not carry.
// Thresholds and pitfalls follow the project's domain notes (read 2026-11-22).
package check

// definition is one row of the table.
type definition struct {
	id         ID
	parameters []Parameter
	judge      func(d *definition, f Facts, p Parameters, v *Verdict)
}

// none is the row of an id that is not in the table.
var none = definition{judge: func(_ *definition, _ Facts, _ Parameters, v *Verdict) {
	v.unknown("This version does not know the check.")
}}

func find(id ID) *definition {
	for _, table := range &tables {
		for i := range table {
			if table[i].id == id {
				return &table[i]
			}
		}
	}
	return &none
}

// All are the ids of the tables, sorted.
func All() (ids []ID) {
	for last := ID(""); ; { // slices.Sort costs the agent 15 KB
		next := ID("")
		for _, table := range &tables {
			for i := range table {
				if id := table[i].id; id > last && (next == "" || id < next) {
					next = id
				}
			}
		}
		if last = next; last == "" {
			return ids
		}
		ids = append(ids, last)
	}
}

// Defaults are the check's parameters with the values that hold when the policy
// names none.
func Defaults(id ID) []Parameter { return append([]Parameter(nil), find(id).parameters...) }

// Judge gives the verdict on facts. It is pure; an id that is not in the table
// is unknown.
func Judge(id ID, f Facts, p Parameters) Verdict {
	v := Verdict{Check: id, Facts: f}
	if reason, ok := f.Get(FactNotApplicable); ok {
		v.Status, v.Reason = NotApplicable, reason
	} else if reason, ok := f.Get(FactError); ok {
		v.unknown(reason)
	} else {
		d := find(id)
		d.judge(d, f, p, &v)
	}
	return v
}
