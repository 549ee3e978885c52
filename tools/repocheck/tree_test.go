package repocheck

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/tools/internal/repo"
)

// project gives the checkout and its parsed Go files.
func project(t *testing.T) (string, []File) {
	t.Helper()
	root, err := repo.Root()
	if err != nil {
		t.Fatal(err)
	}
	files, err := GoFiles(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 20 {
		t.Fatalf("GoFiles found %d files; that cannot be the project", len(files))
	}
	return root, files
}

func TestEachPackageHasOneDocInTheFileNamedLikeIt(t *testing.T) {
	_, files := project(t)
	packages := map[string][]File{}
	for _, f := range files {
		packages[path.Dir(f.Path)] = append(packages[path.Dir(f.Path)], f)
	}
	for folder, members := range packages {
		// Made code is documented in its source: the .proto file.
		if !slices.ContainsFunc(members, func(f File) bool { return !f.Generated }) {
			continue
		}
		if doc := docs(members); len(doc) != 1 || !goodPlace(folder, doc[0], members) {
			t.Errorf("package docs of %s are in %q; want exactly one, in main.go of a command or the file named like the package", folder, doc)
		}
	}
}

// docs lists the files that carry a package doc; a package of tests only may
// have it in a test.
func docs(members []File) []string {
	onlyTests := !slices.ContainsFunc(members, func(f File) bool { return !f.Test() })
	var found []string
	for _, f := range members {
		if f.Syntax.Doc != nil && (onlyTests || !f.Test()) && !f.Generated {
			found = append(found, f.Path)
		}
	}
	return found
}

func goodPlace(folder, doc string, members []File) bool {
	name := strings.TrimSuffix(members[0].Syntax.Name.Name, "_test")
	if name == "main" {
		return path.Base(doc) == "main.go"
	}
	base := strings.TrimSuffix(strings.TrimSuffix(path.Base(doc), ".go"), "_test")
	return base == name || base == path.Base(folder)
}

func TestFilesCanBeSurveyed(t *testing.T) {
	_, files := project(t)
	for _, f := range files {
		if !f.Generated && f.Lines > 500 {
			t.Errorf("%s has %d lines; want at most 500, split it by meaning", f.Path, f.Lines)
		}
	}
}

func TestImportsPointOneWay(t *testing.T) {
	_, files := project(t)
	for _, f := range files {
		for _, imported := range f.Imports() {
			inner, ours := strings.CutPrefix(imported, Module+"/")
			if !ours {
				continue
			}
			if isLab(inner) && (top(f.Path) == "e2e" || strings.HasSuffix(f.Path, "_test.go")) {
				continue
			}
			// A lab breaks what the catalogue mends, so it reads the catalogue.
			if top(f.Path) == "e2e" && inner == "shared/runbook" {
				continue
			}
			if from, to := top(f.Path), top(inner); !mayImport(from, to) {
				t.Errorf("%s imports %s; %s may not import %s (CONVENTIONS: cmd -> internal -> shared -> proto)", f.Path, imported, from, to)
			}
		}
	}
}

// isLab tells whether a package is of the labs, which stand in for Windows, Linux
// and a domain in everybody's tests.
func isLab(inner string) bool {
	return inner == "tools/winlab" || strings.HasPrefix(inner, "tools/winlab/") || strings.HasPrefix(inner, "e2e/lab/")
}

func top(p string) string {
	first, _, _ := strings.Cut(p, "/")
	return first
}

// mayImport holds the one way between top folders. e2e tests what customers
// run, so it sees the wire and nothing behind it.
func mayImport(from, to string) bool {
	if from == to {
		return true
	}
	switch to {
	case "proto":
		return true
	case "shared":
		return from == "agent" || from == "appliance" || from == "central" || from == "tools"
	case "e2e":
		// ./dev up starts what the tests start.
		return from == "tools"
	}
	return false
}

// unfinished finds words that mark open work.
var unfinished = regexp.MustCompile(`\b(` + strings.Join([]string{"TO" + "DO", "FIX" + "ME", "XX" + "X"}, "|") + `)\b`)

func TestNothingIsLeftOpenInTheCode(t *testing.T) {
	root, files := project(t)
	for _, f := range files {
		if f.Generated {
			continue
		}
		for n, line := range readLines(t, filepath.Join(root, f.Path)) {
			if unfinished.MatchString(line) {
				t.Errorf("%s:%d is left open: %s", f.Path, n+1, strings.TrimSpace(line))
			}
		}
	}
}

// TestNothingOfThisMachineIsInTheTree looks for the folder the checkout lies
// in, the home folder and the hosts modules are fetched from: what only works
// here must not be committed.
func TestNothingOfThisMachineIsInTheTree(t *testing.T) {
	root, _ := project(t)
	needles := machineWords(t, root)
	paths, err := Tracked(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		if p == "go.sum" {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, p))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(content[:min(len(content), 8000)], 0) >= 0 {
			continue
		}
		for _, needle := range needles {
			if bytes.Contains(content, []byte(needle)) {
				t.Errorf("%s contains %q, which is of this machine", p, needle)
			}
		}
	}
}

func machineWords(t *testing.T, root string) []string {
	t.Helper()
	var words []string
	// A checkout at / or directly under it has no telling name.
	if strings.Count(root, "/") > 1 {
		words = append(words, root+"/", root+"\"")
	}
	if home, err := os.UserHomeDir(); err == nil && strings.Count(home, "/") > 1 {
		words = append(words, home+"/")
	}
	out, err := exec.Command("go", "env", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`https?://([^/,|\s]+)`).FindAllStringSubmatch(string(out), -1) {
		words = append(words, m[1])
	}
	return words
}

func readLines(t *testing.T, name string) []string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	var lines []string
	scan := bufio.NewScanner(f)
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		lines = append(lines, scan.Text())
	}
	if err := scan.Err(); err != nil {
		t.Fatalf("reading %s: %v", name, err)
	}
	return lines
}
