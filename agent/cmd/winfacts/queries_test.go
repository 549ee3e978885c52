package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/check"
)

var update = flag.Bool("update", false, "write queries.txt from the agent's table")

// constants finds the agent's table in the sources of its package: it is not
// exported, because the agent counts bytes.
type constants struct {
	values map[string]ast.Expr
	roots  []string
	rows   [][2]ast.Expr // id and sources of windowsTable
}

func readConstants(t *testing.T, folder string) *constants {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the agent's sources are not in %s (%v)", folder, err)
	}
	c := &constants{values: map[string]ast.Expr{}}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			general, ok := decl.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range general.Specs {
				if s, ok := spec.(*ast.ValueSpec); ok && len(s.Values) == len(s.Names) {
					c.add(t, general.Tok, s)
				}
			}
		}
	}
	return c
}

func (c *constants) add(t *testing.T, kind token.Token, s *ast.ValueSpec) {
	t.Helper()
	for i, name := range s.Names {
		if kind == token.CONST {
			c.values[name.Name] = s.Values[i]
			continue
		}
		list, ok := s.Values[i].(*ast.CompositeLit)
		if !ok {
			continue
		}
		for _, element := range list.Elts {
			switch name.Name {
			case "roots":
				c.roots = append(c.roots, c.text(t, element))
			case "windowsTable":
				row := element.(*ast.CompositeLit).Elts
				c.rows = append(c.rows, [2]ast.Expr{row[0], row[1]})
			}
		}
	}
}

// shared are the names of shared/check that the table uses.
var shared = map[string]string{
	"FactProductType": check.FactProductType, "FactSystemDrive": check.FactSystemDrive, "FactDomainRole": check.FactDomainRole,
	"FactEdition": check.FactEdition, "FactBuild": check.FactBuild, "FactRevision": check.FactRevision,
	"CriticalServiceNames": check.CriticalServiceNames,
	"Firewall":             string(check.Firewall), "Defender": string(check.Defender), "BitLocker": string(check.BitLocker),
	"Patches": string(check.Patches), "ScreenLock": string(check.ScreenLock), "SMBv1": string(check.SMBv1),
	"PendingReboot": string(check.PendingReboot), "GuestAccount": string(check.GuestAccount), "DiskSpace": string(check.DiskSpace),
	"Spooler": string(check.Spooler), "CriticalServices": string(check.CriticalServices), "AuditPolicy": string(check.AuditPolicy),
	"PasswordPolicy": string(check.PasswordPolicy), "AccountLockout": string(check.AccountLockout), "TimeSync": string(check.TimeSync),
}

func (c *constants) text(t *testing.T, e ast.Expr) string {
	t.Helper()
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		if err != nil {
			t.Fatal(err)
		}
		return s
	case *ast.BinaryExpr:
		return c.text(t, e.X) + c.text(t, e.Y)
	case *ast.Ident:
		if v := c.values[e.Name]; v != nil {
			return c.text(t, v)
		}
	case *ast.SelectorExpr:
		if v, ok := shared[e.Sel.Name]; ok {
			return v
		}
		t.Fatalf("the table uses check.%s; name it in shared", e.Sel.Name)
	}
	t.Fatalf("what is %#v?", e)
	return ""
}

// long writes a line's key out.
func (c *constants) long(line string) string {
	field := strings.Split(line, "|")
	for i := range field {
		if len(field[i]) > 1 && field[i][1] == '\\' && field[i][0] >= '0' && int(field[i][0]-'0') < len(c.roots) {
			field[i] = c.roots[field[i][0]-'0'] + field[i][1:]
		}
	}
	return strings.Join(field, "|")
}

func TestTheTableIsTheAgentsOwn(t *testing.T) {
	folder := filepath.Join("..", "..", "internal", "probe")
	c := readConstants(t, folder)
	if len(c.rows) < 10 || len(c.roots) < 3 {
		t.Fatalf("the agent's table has %d checks and %d roots; was it moved?", len(c.rows), len(c.roots))
	}
	var want strings.Builder
	want.WriteString("# From agent/internal/probe by: go test ./agent/cmd/winfacts -run TheTable -update\n")
	write := func(id, sources string) {
		for _, line := range strings.Split(sources, "\n") {
			fmt.Fprintf(&want, "check %s %s\n", id, c.long(line))
		}
	}
	write("host", c.text(t, c.values["hostSources"]))
	for _, row := range c.rows {
		write(c.text(t, row[0]), c.text(t, row[1]))
	}
	sources, err := os.ReadFile(filepath.Join(folder, "sources.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(sources)) {
		if field := strings.Split(line, " | "); len(field) == 5 && field[0] == "wmi" {
			fmt.Fprintf(&want, "type %s|%s|%s\n", field[1], field[2], field[3])
		}
	}
	if *update {
		if err := os.WriteFile("queries.txt", []byte(want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want.String() != queriesText {
		t.Error("queries.txt is not the agent's table; run the command in its first line")
	}
}

func TestEveryQueryOfTheTableIsUnderstood(t *testing.T) {
	all, err := queries()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(all.checks()); n < 15 {
		t.Errorf("the table has %d checks; want 15 at least", n)
	}
	for _, q := range all.lines {
		for _, p := range q.properties {
			if all.cimType(&q, p) == "" {
				t.Errorf("%s of %s has no type", p, q.place())
			}
		}
	}
	q := all.of("bitlocker")[1]
	want := []call{{"GetConversionStatus", "ConversionStatus", "PrecisionFactor=0"}, {"GetSuspendCount", "SuspendCount", ""}}
	if !slices.Equal(q.calls, want) || !q.optional {
		t.Errorf("the methods of bitlocker are %+v; want %+v", q.calls, want)
	}
	if _, err := parseTable("check x nonsense|a"); err == nil {
		t.Error("a line of no kind is taken")
	}
}
