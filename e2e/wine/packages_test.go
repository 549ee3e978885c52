//go:build wine

package wine_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// except are packages whose tests cannot run under Wine, each with its reason.
var except = map[string]string{}

// TestTheAgentsPackagesPassTheirOwnTests runs every test of the agent as a
// Windows program.
func TestTheAgentsPackagesPassTheirOwnTests(t *testing.T) {
	p := open(t)
	launch, err := p.Launcher()
	if err != nil {
		t.Fatal(err)
	}
	replaced := overlay(t)
	env := append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0", "WINEDEBUG=-all")
	list := exec.CommandContext(t.Context(), "go", "list", "-f",
		"{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}", "./agent/internal/...")
	list.Dir, list.Env = root(t), env
	out, err := list.Output()
	if err != nil {
		t.Fatalf("listing the agent's packages: %v", err)
	}
	packages := strings.Fields(string(out))
	if len(packages) < 10 {
		t.Fatalf("the agent has %d packages with tests: %q; want more", len(packages), packages)
	}
	for _, name := range packages {
		_, short, _ := strings.Cut(name, "/agent/internal/")
		t.Run(short, func(t *testing.T) {
			if reason := except[short]; reason != "" {
				t.Skip(reason)
			}
			cmd := exec.CommandContext(bounded(t), "go", "test", "-vet=off", "-p=1", "-count=1", "-short", "-overlay", replaced, "-exec", launch, name)
			cmd.Dir, cmd.Env = root(t), env
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
