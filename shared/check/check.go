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
	facts      []string // names a reader may give besides error and not_applicable
	parameters []Parameter
	judge      func(d definition, f Facts, p Parameters) Verdict
}

// definitions is the table of all checks, in the order of their ids. A function
// and not a variable, so that the linker can drop it where nobody judges.
func definitions() []definition {
	return []definition{
		diskSpace(), linuxFirewall(), pendingReboot(), sshRootLogin(), sysctlHardening(), timeSync(),
	}
}

func find(id ID) (definition, bool) {
	for _, d := range definitions() {
		if d.id == id {
			return d, true
		}
	}
	return definition{}, false
}

// All are the ids of the table, sorted.
func All() []ID {
	var ids []ID
	for _, d := range definitions() {
		ids = append(ids, d.id)
	}
	return ids
}

// FactNames are the names that readers of the check may use, besides FactError
// and FactNotApplicable.
func FactNames(id ID) []string {
	d, _ := find(id)
	return d.facts
}

// Defaults are the check's parameters with the values that hold when the policy
// names none.
func Defaults(id ID) []Parameter {
	d, _ := find(id)
	return d.parameters
}

// Judge gives the verdict on facts. It is pure; an id that is not in the table
// is unknown.
func Judge(id ID, f Facts, p Parameters) Verdict {
	v := Verdict{Status: Unknown, Reason: "This version does not know the check."}
	if d, ok := find(id); ok {
		v = d.verdict(f, p)
	}
	v.Check, v.Facts = id, f
	if v.Status != Fail {
		v.Severity = ""
	}
	return v
}

func (d definition) verdict(f Facts, p Parameters) Verdict {
	if reason, ok := f.Get(FactNotApplicable); ok {
		return Verdict{Status: NotApplicable, Reason: reason}
	}
	if reason, ok := f.Get(FactError); ok {
		return unknown(reason)
	}
	return d.judge(d, f, p)
}

func unknown(reason string) Verdict { return Verdict{Status: Unknown, Reason: reason} }
