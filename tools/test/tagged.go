package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// tagged lists the packages that have tests only with a build tag. Their other
// tests run with them, a second time; e2e, which is most, has none.
func tagged(ctx context.Context, root, tag string) ([]string, error) {
	const ask = `{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}} {{len .TestGoFiles}} {{len .XTestGoFiles}}{{end}}`
	with, err := listTests(ctx, root, "-tags="+tag, "-f", ask)
	if err != nil {
		return nil, err
	}
	without, err := listTests(ctx, root, "-f", ask)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, line := range without {
		known[line] = true
	}
	var packages []string
	for _, line := range with {
		if path, _, _ := strings.Cut(line, " "); !known[line] {
			packages = append(packages, path)
		}
	}
	if len(packages) == 0 {
		return nil, fmt.Errorf("no package has tests with the tag %s", tag)
	}
	return packages, nil
}

func listTests(ctx context.Context, root string, args ...string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", append(append([]string{"list"}, args...), "./...")...)
	cmd.Dir, cmd.Stderr = root, os.Stderr
	listed, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("listing the packages: %w", err)
	}
	return strings.Split(strings.TrimSpace(string(listed)), "\n"), nil
}
