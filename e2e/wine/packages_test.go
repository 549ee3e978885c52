//go:build wine

package wine_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// except are packages whose tests cannot run as Windows programs, each with its
// reason.
var except = map[string]string{
	"link":     "its rig waits for verdicts on a Linux; the tests beside this one try it whole",
	"schedule": "its tests judge a check of Linux, which a Windows agent does not have",
	"sntp":     "no UDP socket of Go's opens in Wine 8.0: WSAIoctl does not know SIO_UDP_CONNRESET",
}

// skip are tests of other packages that are about other systems.
var skip = map[string]string{
	"probe": "^(TestMacFixtures|TestTheTableOfMacsIsWellFormed)$",
}

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
		if reason := except[short]; reason != "" {
			t.Logf("left out: %s: %s", short, reason)
			continue
		}
		t.Run(short, func(t *testing.T) {
			args := []string{"test", "-vet=off", "-p=1", "-count=1", "-short", "-overlay", replaced, "-exec", launch}
			if skip[short] != "" {
				args = append(args, "-skip", skip[short])
			}
			cmd := exec.CommandContext(bounded(t), "go", append(args, name)...)
			cmd.Dir, cmd.Env = root(t), env
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
