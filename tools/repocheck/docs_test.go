package repocheck

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documents are the pages for people; other folders have their own.
func documents(t *testing.T, root string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/adr/*.md", "agent/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			content, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			rel, err := filepath.Rel(root, f)
			if err != nil {
				t.Fatal(err)
			}
			texts[filepath.ToSlash(rel)] = string(content)
		}
	}
	if len(texts) < 3 {
		t.Fatalf("documents found %d pages; want README, ARCHITECTURE and CONTRIBUTING at least", len(texts))
	}
	return texts
}

// named finds `shared/check`, `shared/check.Judge` and
// `agent/internal/queue.Queue.Append`.
var named = regexp.MustCompile("`((?:agent|appliance|central|shared|proto|tools|e2e|docs)(?:/[A-Za-z0-9_.*-]+)*)(\\(\\))?`")

func TestNamesInThePagesExist(t *testing.T) {
	root, files := project(t)
	symbols := declared(files)
	count := 0
	for page, text := range documents(t, root) {
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			count++
			if name := m[1]; !exists(root, name) && !symbols[name] {
				t.Errorf("%s names `%s`, which does not exist", page, name)
			}
		}
	}
	if count < 30 {
		t.Errorf("the pages name %d packages and functions; want at least 30, or the pattern finds nothing", count)
	}
}

// exists tells whether a path, which may hold *, is in the checkout.
func exists(root, name string) bool {
	found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(name)))
	return err == nil && len(found) > 0
}

// declared lists folder.Name and folder.Type.Method of everything declared,
// with the methods of interfaces.
func declared(files []File) map[string]bool {
	found := map[string]bool{}
	for _, f := range files {
		folder := path.Dir(f.Path)
		for _, decl := range f.Syntax.Decls {
			for _, name := range names(decl) {
				found[folder+"."+name] = true
			}
		}
	}
	return found
}

func names(decl ast.Decl) []string {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return []string{d.Name.Name}
		}
		return []string{receiver(d.Recv.List[0].Type) + "." + d.Name.Name}
	case *ast.GenDecl:
		var all []string
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				all = append(all, s.Name.Name)
				if i, ok := s.Type.(*ast.InterfaceType); ok {
					for _, m := range i.Methods.List {
						for _, n := range m.Names {
							all = append(all, s.Name.Name+"."+n.Name)
						}
					}
				}
			case *ast.ValueSpec:
				for _, n := range s.Names {
					all = append(all, n.Name)
				}
			}
		}
		return all
	}
	return nil
}

func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

var (
	devCall = regexp.MustCompile(`\./dev ([a-z]+)`)
	runCall = regexp.MustCompile(`\./dev run ([a-z][a-z0-9-]+)`)
	link    = regexp.MustCompile(`\]\(([^)#:]+)\)`)
)

func TestCommandsInThePagesExist(t *testing.T) {
	root, _ := project(t)
	script, err := os.ReadFile(filepath.Join(root, "dev"))
	if err != nil {
		t.Fatal(err)
	}
	for page, text := range documents(t, root) {
		for _, m := range devCall.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(string(script), "\n  "+m[1]+" ") {
				t.Errorf("%s shows ./dev %s, which ./dev help does not list", page, m[1])
			}
		}
		for _, m := range runCall.FindAllStringSubmatch(text, -1) {
			if !exists(root, "*/cmd/"+m[1]+"/main.go") {
				t.Errorf("%s shows ./dev run %s; there is no such binary", page, m[1])
			}
		}
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if !exists(root, path.Join(path.Dir(page), m[1])) {
				t.Errorf("%s links to %s, which does not exist", page, m[1])
			}
		}
	}
}

func TestTheReadmeOpensWithTheTwoCommands(t *testing.T) {
	root, _ := project(t)
	text := documents(t, root)["README.md"]
	opening := text[:min(len(text), 1200)]
	for _, want := range []string{"./dev up", "./dev test"} {
		if !strings.Contains(opening, want) {
			t.Errorf("the first 1200 bytes of README.md do not show %s", want)
		}
	}
	pictures := regexp.MustCompile(`!\[[^\]]+\]\(([^)]+)\)`).FindAllStringSubmatch(text, -1)
	if !slices.ContainsFunc(pictures, func(m []string) bool { return strings.HasSuffix(m[1], ".png") && exists(root, m[1]) }) {
		t.Error("README.md has no picture that exists")
	}
}
