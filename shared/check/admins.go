package check

import "strconv"

// FactAdmin repeats: the short name of one account that administers this Mac.
// Root and the system's own accounts are left out.
const FactAdmin = "admin"

// With a list between spaces as allowed, every other administrator fails; with
// "any" only their number counts, because nobody can say who they should be.
var adminParameters = []Parameter{{"allowed", "any"}, {"most", "3"}}

func judgeAdmins(d *definition, f Facts, p Parameters, v *Verdict) {
	allowed, most := d.get(p, "allowed"), d.number(p, "most")
	v.Expected = "at most " + strconv.FormatUint(most, 10)
	if allowed != "any" {
		v.Expected = allowed
	}
	all, others := f.against(FactAdmin, allowed)
	count := uint64(0)
	for _, fact := range f {
		if fact.Name == FactAdmin {
			count++
		}
	}
	v.Actual = all
	switch {
	case count == 0:
		v.unknown("The administrators could not be read.")
	case others != "":
		v.fail(High, "There are administrators whom nobody has agreed to: "+others+".")
	case allowed == "any" && count > most:
		v.fail(Medium, "More accounts administer this Mac than should.")
	default:
		v.pass("The administrators are as expected.")
	}
}
