package main

import (
	"strings"
	"testing"
)

func TestTheTableOfCmdletsIsRead(t *testing.T) {
	table, err := readTable(cmdletText)
	if err != nil {
		t.Fatal(err)
	}
	if c := table["Start-Service"]; c == nil || c.effect != "service" || c.module != "Microsoft.PowerShell.Management" || len(c.parameters) < 5 {
		t.Errorf("Start-Service = %+v", c)
	}
	for name, text := range map[string]string{
		"a row that is too short":      "A | Get-X | read",
		"a cmdlet twice":               "A | Get-X | read | A\nA | Get-X | read | A",
		"an effect that is none":       "A | Get-X | maybe | A",
		"parameters that are unsorted": "A | Get-X | read | B A",
	} {
		if table, err := readTable(text); err == nil {
			t.Errorf("%s: readTable = %v; want an error", name, table)
		}
	}
}

func TestATreeIsRead(t *testing.T) {
	root, err := readTree("a b", "0\tprogram\t0\t0\t3\n1\tword\t0\t0\t1\n1\t-\t0\t2\t3\n2\tdeep\t1\t2\t0\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(root.children) != 2 || root.children[0].text != "a" || len(root.named()) != 1 || !root.children[1].children[0].broken {
		t.Errorf("readTree = %+v", root)
	}
}

func FuzzReadTree(f *testing.F) {
	f.Add("a b", "0\tprogram\t0\t0\t3\n1\tword\t0\t0\t1\n")
	f.Add("", "0\tprogram\t0\t0\t0\n")
	f.Fuzz(func(t *testing.T, text, printed string) {
		root, err := readTree(text, printed)
		if err != nil {
			return
		}
		depth := 0
		root.walk(func(n *node) bool {
			depth++
			if !strings.Contains(text, n.text) {
				t.Errorf("%q is not of the text", n.text)
			}
			return true
		})
		readScript(root) // any tree
	})
}
