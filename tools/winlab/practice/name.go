package practice

import (
	"fmt"

	"github.com/osiriscare/osiris/shared/runbook"
)

// What hosts are called for, as in a practice: the kinds come again when there
// are more hosts than kinds, with the next number.
var (
	workstationNames = []string{"FRONTDESK", "FRONTDESK", "EXAM", "EXAM", "NURSES", "BILLING", "MANAGER", "XRAY", spare}
	serverNames      = []string{"FILES", "RECORDS"}
)

// spare is what nobody depends on: the practice's own lab.
const spare = "SPARE"

// serverEach is which part of a large practice's hosts are servers.
const serverEach = 40

// describe gives the host of a number, and its number among those of its role.
func describe(i int) (h *Host, number int) {
	switch {
	case i == 0:
		return &Host{Name: "DC-01", Role: runbook.RoleDomainController}, 0
	case i <= len(serverNames):
		number = i - 1
	case i%serverEach == 0:
		number = len(serverNames) + i/serverEach - 1
	default:
		number = i - 1 - len(serverNames) - i/serverEach
		kind, name := call(workstationNames, number)
		return &Host{Name: name, Role: runbook.RoleWorkstation, Lab: kind == spare}, number
	}
	_, name := call(serverNames, number)
	return &Host{Name: name, Role: runbook.RoleServer}, number
}

// call gives the kind and the name of the host of a number.
func call(kinds []string, number int) (kind, name string) {
	kind = kinds[number%len(kinds)]
	each, before := 0, 0
	for i, k := range kinds {
		if k != kind {
			continue
		}
		each++
		if i < number%len(kinds) {
			before++
		}
	}
	return kind, fmt.Sprintf("%s-%02d", kind, number/len(kinds)*each+before+1)
}
