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

// rmmParameters: what the practice has agreed to is for each site to say, as ids
// with commas between them; id:instance allows one instance only.
var rmmParameters = []Parameter{{"allowed", ""}}

// judgeRMM makes an inventory: it never fails (domain notes §5.6), because
// nothing on the host tells an agreed tool from another. What is not on the
// site's list is named.
func judgeRMM(d *definition, f Facts, p Parameters, v *Verdict) {
	v.Expected = "only what the site's list allows"
	allowed := "," + strings.ReplaceAll(strings.ToLower(d.get(p, "allowed")), " ", "") + ","
	unexpected := ""
	var row Facts
	for i := 0; f.next(FactProduct, &i, &row); {
		label := row.text("name")
		entry := "," + row.text("id") + ","
		agreed := strings.Contains(allowed, entry)
		if instance := row.text("instance"); instance != "" {
			label += " " + instance
			agreed = agreed || strings.Contains(allowed, entry[:len(entry)-1]+":"+strings.ToLower(instance)+",")
		}
		state := "present" // files or keys that may be left over
		for _, name := range [...]string{"installed", "running"} {
			if row.text(name) == "yes" {
				state = name
			}
		}
		if by := row.text("bundled_with"); by != "" {
			state += ", comes with " + by
		}
		// In the actual value, too, because a change of that is reported at once.
		if !agreed {
			unexpected = join(unexpected, label)
			state += ", unexpected"
		}
		v.Actual = join(v.Actual, label+" ("+state+")")
	}
	_, held := f.Get(FactListVersion)
	switch {
	case !held:
		v.unknown("No signature list has arrived yet.")
		return
	case f.text(FactListExpired) == "yes":
		v.unknown("The signature list has expired; there may be more than it finds.")
	case unexpected != "":
		v.pass("Not on the site's list: " + unexpected + ".")
	default:
		v.pass("Nothing was found that is not on the site's list.")
	}
	if v.Actual == "" {
		v.Actual = "none"
	}
}
