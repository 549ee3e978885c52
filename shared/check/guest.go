package check

// FactGuest is a row: the Name and Disabled (1 or 0) of the account whose RID is
// 501, whatever it is called.
const FactGuest = "account"

func judgeGuest(_ *definition, f Facts, _ Parameters, v *Verdict) {
	v.Expected = "disabled"
	guest := f.row(FactGuest)
	where := "The guest account "
	if f.text(FactProductType) == productController {
		where = "The domain's guest account "
	}
	switch name := guest.text("Name"); guest.text("Disabled") {
	case "1":
		v.Actual = "disabled"
		v.pass(where + "is disabled.")
	case "0":
		v.Actual = "enabled"
		v.fail(High, where+name+" is enabled.")
	default:
		v.unknown("The account with RID 501 could not be read.")
	}
}
