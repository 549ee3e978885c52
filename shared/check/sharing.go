package check

import (
	"strconv"
	"strings"
)

// Facts of remote_login, mac_sharing and mac_admins.
const (
	FactServicesListed = "listed"  // yes: the services of the system were listed
	FactSharedService  = "service" // repeats: a service that lets others in
	// FactAdmin repeats: the short name of one account that administers this Mac.
	// Root and the system's own accounts are left out.
	FactAdmin = "admin"
)

var (
	// A list of services between spaces, such as "remote_login", or "any".
	sharingParameters = []Parameter{{"allowed", "none"}}
	// With a list every other administrator fails; with "any" only their number
	// counts, because nobody can say who they should be.
	adminParameters = []Parameter{{"allowed", "any"}, {"most", "3"}}
)

// refuse adds the facts "refused", the values of a fact that a list between spaces
// does not name, and "count".
func (f *Facts) refuse(name, allowed string) {
	count := 0
	for _, fact := range *f {
		if fact.Name != name {
			continue
		}
		count++
		if allowed != "any" && !strings.Contains(" "+allowed+" ", " "+fact.Value+" ") {
			f.Add("refused", fact.Value)
		}
	}
	f.Add("count", strconv.Itoa(count))
}
