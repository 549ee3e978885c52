//go:build !osiris_agent

package check

// The checks of what answers on the network. Only the appliance judges them.
var networkOnly = []definition{}

// networkRulings are what the judges of these checks read (row.go).
var networkRulings = map[ID]string{}

// networkOnlyFacts are the names of each check's facts.
var networkOnlyFacts = map[ID][]string{}
