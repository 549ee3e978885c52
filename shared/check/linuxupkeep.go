//go:build !osiris_agent

package check

// The checks of Linux servers about how they are kept. Only the appliance judges them.
const ()

var linuxUpkeep = []definition{}

// linuxUpkeepRulings are what the judges of these checks read (row.go).
var linuxUpkeepRulings = map[ID]string{}

// linuxUpkeepFacts are the names of each check's facts.
var linuxUpkeepFacts = map[ID][]string{}
