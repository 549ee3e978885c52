package check

// FactGuest is a row: the Name and Disabled (1 or 0) of the account whose RID is
// 501, whatever it is called.
const FactGuest = "account"

func judgeGuest(_ *definition, f Facts, _ Parameters, v *Verdict) {
	v.Expected = "disabled"
	guest := f.row(FactGuest)
	name := guest.text("Name")
	if f.text(FactProductType) == productController {
		name += " of the domain"
	}
	switch guest.text("Disabled") {
	case "1":
		v.end("P|disabled|The guest account % is disabled.", name)
	case "0":
		v.end("H|enabled|The guest account % is enabled.", name)
	default:
		v.end("U||The account with RID 501 could not be read.", "")
	}
}
