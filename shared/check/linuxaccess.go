//go:build !osiris_agent

package check

// The checks of Linux servers about who gets in, and what is seen of it. Only the appliance judges them.
const ()

var linuxAccess = []definition{}

// linuxAccessRulings are what the judges of these checks read (row.go).
var linuxAccessRulings = map[ID]string{}

// linuxAccessFacts are the names of each check's facts.
var linuxAccessFacts = map[ID][]string{}
