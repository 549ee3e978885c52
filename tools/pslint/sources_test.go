//go:build integration

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/tools/internal/repo"
)

var section = regexp.MustCompile(`^# ([a-z_0-9, ]+?)(;.*|: .*)?$`)

// TestScriptsReadWhatTheAgentReads compares the facts scripts with the list of the
// agent's sources, so that one judge is fed alike on both roads (D18).
func TestScriptsReadWhatTheAgentReads(t *testing.T) {
	root, err := repo.Root()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(root, "agent", "internal", "probe", "sources.txt"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	var ids []check.ID
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			ids = nil
		}
		if m := section.FindStringSubmatch(line); m != nil {
			for name := range strings.SplitSeq(m[1], ", ") {
				ids = append(ids, check.ID(name))
				if _, err := c.Texts().Facts("windows", check.ID(name)); err != nil {
					ids = nil // a heading of something else
					break
				}
			}
		}
		resource := resourceOf(strings.Split(line, " | "))
		if resource == "" || len(ids) == 0 {
			continue
		}
		found := false
		for _, id := range ids {
			text, err := c.Texts().Facts("windows", id)
			if err != nil {
				t.Fatal(err)
			}
			found = found || slices.Contains(text.Reads, resource)
		}
		compared++
		if !found {
			t.Errorf("the agent reads %s for %v; the script does not", resource, ids)
		}
	}
	if compared < 60 {
		t.Errorf("%d sources were compared", compared)
	}
}

// resourceOf is what a line of sources.txt is to a script; empty for what scripts
// read by other means, as functions.
func resourceOf(field []string) string {
	if len(field) != 5 {
		return ""
	}
	switch field[0] {
	case "wmi":
		// The firewall's active store is asked by the cmdlet.
		if strings.HasSuffix(field[1], "MSFT_NetFirewallProfile") {
			return "cmdlet:Get-NetFirewallProfile"
		}
		return "cim:" + strings.ReplaceAll(field[1], `\`, "/")
	case "reg":
		return "registry:" + field[1] + "!" + field[2]
	case "key":
		return "registry:" + field[1] + "!"
	}
	return ""
}
