//go:build integration

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/osiriscare/osiris/shared/runbook"
)

// texts are the catalogue's.
func texts(t *testing.T) []*runbook.Text {
	t.Helper()
	c, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c.Texts().All()
}

func built(t *testing.T) *grammar {
	t.Helper()
	g, err := buildGrammar(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestTheCatalogueHasNoFaultsAndBadScriptsHave(t *testing.T) {
	g := built(t)
	all := texts(t)
	faults, err := g.judge(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		t.Error(f)
	}
	windows := 0
	for _, text := range all {
		if text.Platform == "windows" {
			windows++
		}
	}
	if windows < 80 {
		t.Errorf("%d scripts of Windows were judged", windows)
	}
	bad(t, g, all)
}

// bad runs testdata/faults.txtar.
func bad(t *testing.T, g *grammar, all []*runbook.Text) {
	archive, err := txtar.ParseFile("testdata/faults.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var text *runbook.Text
	name, cases := "", 0
	for _, f := range archive.Files {
		kind, rest, _ := strings.Cut(f.Name, " ")
		switch kind {
		case "script", "fix":
			name = rest
			text = &runbook.Text{Path: "bad.ps1", Platform: "windows", Kind: runbook.Facts, Body: string(f.Data)}
			if kind == "fix" {
				text.Kind = runbook.Remediate
			}
		case "declared":
			for line := range strings.Lines(string(f.Data)) {
				word, resource, _ := strings.Cut(strings.TrimSpace(line), " ")
				if word == "reads" {
					text.Reads = append(text.Reads, resource)
				} else {
					text.Writes = append(text.Writes, resource)
				}
			}
		case "faults":
			cases++
			found, err := g.judge(t.Context(), append(preludeOf(all), text))
			if err != nil {
				t.Fatal(err)
			}
			says := ""
			for _, f := range found {
				says += f.says + "\n"
			}
			if diff := cmp.Diff(string(f.Data), says); diff != "" {
				t.Errorf("%s: the faults differ (-want +got):\n%s", name, diff)
			}
		default:
			t.Fatalf("what is %q?", f.Name)
		}
	}
	if cases < 15 {
		t.Errorf("there are %d cases", cases)
	}
}

func preludeOf(all []*runbook.Text) []*runbook.Text {
	for _, text := range all {
		if text.Platform == "windows" && text.Kind == runbook.Prelude {
			return []*runbook.Text{text}
		}
	}
	return nil
}

func TestEveryWordOfThePreludeIsClassed(t *testing.T) {
	tree, err := built(t).parse(t.Context(), preludeOf(texts(t))[0].Body)
	if err != nil {
		t.Fatal(err)
	}
	classes := map[string]int{}
	for name := range words {
		classes[name]++
	}
	for _, name := range append(append([]string(nil), neutral...), internal...) {
		classes[name]++
	}
	prelude := readScript(tree)
	for name := range prelude.functions {
		if classes[name] != 1 {
			t.Errorf("the prelude's %s is classed %d times", name, classes[name])
		}
		delete(classes, name)
	}
	for name := range classes {
		t.Errorf("the prelude has no %s", name)
	}
}
