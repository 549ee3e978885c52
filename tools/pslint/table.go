package main

import (
	_ "embed" // the table
	"fmt"
	"slices"
	"strings"
)

//go:embed cmdlets.txt
var cmdletText string

// cmdlet is a row of the table.
type cmdlet struct {
	module, name, effect string
	parameters           []string
}

// commonParameters are those of about_CommonParameters in 5.1.
var commonParameters = []string{
	"Debug", "ErrorAction", "ErrorVariable", "InformationAction", "InformationVariable",
	"OutBuffer", "OutVariable", "PipelineVariable", "Verbose", "WarningAction", "WarningVariable",
}

// effects that a row may name.
var effects = []string{"pure", "read", "write", "service", "file", "delete", "frame"}

// readTable reads the table of cmdlets, by name.
func readTable(text string) (map[string]*cmdlet, error) {
	table := map[string]*cmdlet{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		field := strings.Split(line, " | ")
		if len(field) != 4 {
			return nil, fmt.Errorf("reading the table of cmdlets: %.64q has %d fields", line, len(field))
		}
		c := &cmdlet{module: field[0], name: field[1], effect: field[2], parameters: strings.Fields(field[3])}
		if table[c.name] != nil || !slices.Contains(effects, c.effect) || !slices.IsSorted(c.parameters) {
			return nil, fmt.Errorf("reading the table of cmdlets: %s is there twice, does %q, or has parameters out of order", c.name, c.effect)
		}
		table[c.name] = c
	}
	return table, nil
}
