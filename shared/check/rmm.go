package check

import "strings"

// Facts of rmm_detection.
const (
	// FactProduct is a row a product and instance: id, name, instance, version,
	// running and installed (yes or no; neither when only files or keys are there),
	// service_name, install_path, bundled_with (the id of a product here that
	// installs this one) and evidence, what was found.
	FactProduct = "product"
	// FactListVersion is the version of the signature list; no list, no fact.
	FactListVersion = "list_version"
	// FactListExpired is "yes" when nobody has renewed the list.
	FactListExpired = "list_expired"
)

// rmmParameters: what the practice has agreed to is for each site to say.
var rmmParameters = []Parameter{{"allowed", ""}}

// judgeRMM makes an inventory: it never fails (domain notes §5.6), because
// nothing on the host tells an agreed tool from another. What is not on the
// site's list is named.
func judgeRMM(d *definition, f Facts, p Parameters, v *Verdict) {
	v.Expected = "only what the site's list allows"
	allowed := strings.ToLower(d.get(p, "allowed"))
	var found, unexpected string
	f.rows(FactProduct, func(row Facts) {
		id, instance, label := row.text("id"), row.text("instance"), row.text("name")
		if instance != "" {
			label += " " + instance
		}
		state := " (present" // files or keys that may be left over
		switch {
		case row.text("running") == "yes":
			state = " (running"
		case row.text("installed") == "yes":
			state = " (installed"
		}
		if by := row.text("bundled_with"); by != "" {
			state += ", comes with " + by
		}
		// In the actual value, too, because a change of that is reported at once.
		if !mayStay(allowed, id, instance) {
			unexpected = list(unexpected, label)
			state += ", unexpected"
		}
		found = list(found, label+state+")")
	})
	v.Actual = found
	if found == "" {
		v.Actual = "none"
	}
	switch _, held := f.Get(FactListVersion); {
	case !held:
		v.Actual = ""
		v.unknown("No signature list has arrived yet.")
	case f.text(FactListExpired) == "yes":
		v.unknown("The signature list has expired; there may be more than it finds.")
	case unexpected != "":
		v.pass("Not on the site's list: " + unexpected + ".")
	case found == "":
		v.pass("No remote management software was found.")
	default:
		v.pass("All of it is on the site's list.")
	}
}

// mayStay tells whether the list has the product ("screenconnect") or just this
// instance of it ("screenconnect:0123abcd"). Commas, spaces and lines part it.
func mayStay(allowed, id, instance string) bool {
	for _, entry := range strings.FieldsFunc(allowed, func(r rune) bool { return r == ',' || r <= ' ' }) {
		if entry == id || entry == id+":"+strings.ToLower(instance) {
			return true
		}
	}
	return false
}

func list(all, next string) string {
	if all == "" {
		return next
	}
	return all + ", " + next
}
