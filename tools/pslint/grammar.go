package main

import (
	"bytes"
	"context"
	_ "embed" // the parser's source
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed tree.c.txt
var treeSource []byte

// The grammar and the library under it, both MIT, as C source from the Go module
// proxy: the sums hold them to what was looked at (2026-11-22). As Go packages
// they need cgo, and the grammar's module carries no Go at all.
const (
	grammarModule = "github.com/airbus-cert/tree-sitter-powershell@v0.25.8"
	grammarSum    = "h1:bMNlXSA/rRVhwuKriGxAY/nrO95oallMQDPxOFUII44="
	libraryModule = "github.com/tree-sitter/go-tree-sitter@v0.25.0"
	librarySum    = "h1:sx6kcg8raRFCvc9BnXglke6axya12krCJF5xJ2sftRU="
)

// grammar is the built parser.
type grammar struct{ program string }

// buildGrammar fetches and compiles the parser into folder; 5 s, once.
func buildGrammar(ctx context.Context, folder string) (*grammar, error) {
	library, err := download(ctx, libraryModule, librarySum)
	if err != nil {
		return nil, err
	}
	powershell, err := download(ctx, grammarModule, grammarSum)
	if err != nil {
		return nil, err
	}
	source := filepath.Join(folder, "tree.c")
	if err := os.WriteFile(source, treeSource, 0o600); err != nil {
		return nil, fmt.Errorf("writing %s: %w", source, err)
	}
	g := &grammar{program: filepath.Join(folder, "pstree")}
	cmd := exec.CommandContext(ctx, "gcc", "-O0", "-o", g.program, source,
		filepath.Join(library, "src", "lib.c"), filepath.Join(powershell, "src", "parser.c"), filepath.Join(powershell, "src", "scanner.c"),
		"-I"+filepath.Join(library, "include"), "-I"+filepath.Join(library, "src"), "-I"+filepath.Join(powershell, "src"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("compiling the grammar: %w\n%s", err, out)
	}
	return g, nil
}

// download gives a module's folder in the module cache.
func download(ctx context.Context, module, sum string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("fetching %s: %w\n%s", module, err, out)
	}
	var answer struct{ Dir, Sum string }
	if err := json.Unmarshal(out, &answer); err != nil {
		return "", fmt.Errorf("fetching %s: %w", module, err)
	}
	if answer.Sum != sum {
		return "", fmt.Errorf("fetching %s: its sum is %s, not %s", module, answer.Sum, sum)
	}
	return answer.Dir, nil
}

// parse gives the tree of a script.
func (g *grammar) parse(ctx context.Context, text string) (*node, error) {
	cmd := exec.CommandContext(ctx, g.program)
	cmd.Stdin = strings.NewReader(text)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("parsing a script: %w\n%s", err, errs.String())
	}
	return readTree(text, out.String())
}
