package check

import "strings"

// Facts of remote_login and mac_sharing.
const (
	FactServicesListed = "listed"  // yes: the services of the system were listed
	FactSharedService  = "service" // repeats: a service that lets others in
)

// allowed is a list of services between spaces, such as "remote_login", or "any".
var sharingParameters = []Parameter{{"allowed", "none"}}

// judgeSharing is for both: they differ in the services their readers look for.
func judgeSharing(d *definition, f Facts, p Parameters, v *Verdict) {
	allowed := d.get(p, "allowed")
	v.Expected = "none"
	if allowed != "none" {
		v.Expected = "at most " + allowed
	}
	if !f.has(FactServicesListed, "yes") {
		v.unknown("The services that run could not be listed.")
		return
	}
	open, refused := f.against(FactSharedService, allowed)
	v.Actual = "none"
	if open != "" {
		v.Actual = open
	}
	if refused != "" {
		v.fail(Medium, "This Mac lets others in through "+refused+".")
		return
	}
	v.pass("This Mac lets nobody in through a service that is not allowed.")
}

// against lists the values of a fact, and those of them that a list between
// spaces does not name.
func (f Facts) against(name, list string) (all, others string) {
	for _, fact := range f {
		if fact.Name != name {
			continue
		}
		all = join(all, fact.Value)
		if list != "any" && !strings.Contains(" "+list+" ", " "+fact.Value+" ") {
			others = join(others, fact.Value)
		}
	}
	return all, others
}
