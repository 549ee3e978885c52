package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bazelbuild/bazel-gazelle/label"
)

// module is one Go module that the tree's packages import; a bare one is older
// than go.mod and has none.
type module struct {
	path, version string
	bare          bool
}

const depsHead = `"""The Go modules that the tree imports, as Bazel repositories; ./dev gen writes this file from go.mod and go.sum."""

load("@bazel_gazelle//:deps.bzl", "go_repository")

def _module(name, importpath, sum, version, build_external = "static"):
    go_repository(
        name = name,
        # Gazelle knows a module's imports from its go.mod; one without gets them
        # by the rule that a path says where it is.
        build_external = build_external,
        # What a module brings of its own is for its own WORKSPACE.
        build_file_generation = "clean",
        build_file_proto_mode = "disable_global",
        importpath = importpath,
        sum = sum,
        version = version,
    )

def go_dependencies():
`

// repositories writes deps.bzl. gazelle's update-repos would fetch every module
// of the whole graph for its sum, some of which the module proxy refuses.
func repositories(ctx context.Context, root string, check bool) error {
	modules, err := imported(ctx, root)
	if err != nil {
		return err
	}
	sums, err := readSums(filepath.Join(root, "go.sum"))
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(depsHead)
	for _, m := range modules {
		sum, ok := sums[m.path+" "+m.version]
		if !ok {
			return fmt.Errorf("go.sum has no sum of %s %s: run go mod download %s", m.path, m.version, m.path)
		}
		external := ""
		if m.bare {
			external = "        build_external = \"external\",\n"
		}
		fmt.Fprintf(&b, "    _module(\n        name = %q,\n"+external+"        importpath = %q,\n        sum = %q,\n        version = %q,\n    )\n",
			label.ImportPathToBazelRepoName(m.path), m.path, sum, m.version)
	}
	return settle(filepath.Join(root, "deps.bzl"), []byte(b.String()), check)
}

// imported lists the modules that any package or test of the tree is built from
// on any platform that is shipped or developed on, in order of their path.
func imported(ctx context.Context, root string) ([]module, error) {
	var modules []module
	for _, platform := range []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"} {
		goos, goarch, _ := strings.Cut(platform, "/")
		for _, tags := range []string{"integration,wine", "integration,osiris_modernc"} {
			cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-test", "-tags="+tags,
				"-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}", "./...")
			cmd.Dir, cmd.Stderr = root, os.Stderr
			cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0")
			listed, err := cmd.Output()
			if err != nil {
				return nil, fmt.Errorf("listing the modules for %s: %w", platform, err)
			}
			for line := range strings.Lines(string(listed)) {
				path, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
				version, dir, ok := strings.Cut(rest, " ")
				if !ok {
					continue
				}
				_, err := os.Stat(filepath.Join(dir, "go.mod"))
				modules = append(modules, module{path, version, errors.Is(err, fs.ErrNotExist)})
			}
		}
	}
	slices.SortFunc(modules, func(a, b module) int { return strings.Compare(a.path, b.path) })
	return slices.Compact(modules), nil
}

// readSums reads the sums of whole modules, by "path version".
func readSums(path string) (map[string]string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading go.sum: %w", err)
	}
	sums := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(content))
	for lines.Scan() {
		if f := strings.Fields(lines.Text()); len(f) == 3 && !strings.HasSuffix(f[1], "/go.mod") {
			sums[f[0]+" "+f[1]] = f[2]
		}
	}
	return sums, lines.Err()
}
