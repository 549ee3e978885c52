package main

import (
	"flag"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
)

var rewrite = flag.Bool("update", false, "rewrite deps_*.txt")

const module = "github.com/osiriscare/osiris/"

// deps are the packages the agent links on a system, without the insides of the
// standard library, which change with every Go release.
func deps(t *testing.T, goos string, tags ...string) []string {
	t.Helper()
	command := exec.Command("go", "list", "-deps", "-tags", strings.Join(tags, ","), ".")
	command.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("listing packages for %s: %v", goos, err)
	}
	var all []string
	for _, p := range strings.Fields(string(out)) {
		ours := strings.HasPrefix(p, module)
		inside := strings.HasPrefix(p, "vendor/") || strings.HasPrefix(p, "internal/") || strings.Contains(p, "/internal/")
		if ours || !inside {
			all = append(all, p)
		}
	}
	slices.Sort(all)
	return all
}

var systems = []string{"windows", "darwin", "linux"}

// TestDependenciesAreTheCommittedOnes makes a new dependency a diff in review.
func TestDependenciesAreTheCommittedOnes(t *testing.T) {
	for _, goos := range systems {
		file := "deps_" + goos + ".txt"
		got := strings.Join(deps(t, goos), "\n") + "\n"
		if *rewrite {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got == string(want) {
			continue
		}
		old := strings.Fields(string(want))
		for _, p := range strings.Fields(got) {
			if !slices.Contains(old, p) {
				t.Errorf("%s: %s is new; go test ./agent/cmd/osiris-agent -run Dependencies -update accepts it", goos, p)
			}
		}
		for _, p := range old {
			if !slices.Contains(strings.Fields(got), p) {
				t.Errorf("%s: %s is gone; go test ./agent/cmd/osiris-agent -run Dependencies -update accepts it", goos, p)
			}
		}
	}
}

// TestForbiddenPackagesStayOut has a reason per name. Bytes are for
// windows/amd64, measured 2026-11-21 and -22.
func TestForbiddenPackagesStayOut(t *testing.T) {
	forbidden := map[string]string{
		"log/slog":                         "276 KB; use agent/internal/say",
		"log":                              "a second logger; use agent/internal/say",
		"encoding/json":                    "238 KB; use say.JSON",
		"flag":                             "28 KB; parseOptions in main.go",
		"net/http":                         "1.1 MB; use agent/internal/grpcwire",
		"database/sql":                     "the system's SQLite through agent/internal/sqlos",
		"text/template":                    "1.2 MB, and it keeps every exported method alive",
		"regexp":                           "100 KB; parsers here cut strings",
		"go.uber.org/fx":                   "1.3 MB; app.go wires by hand",
		"go.yaml.in/yaml/v3":               "agent/internal/config is a flat file",
		"golang.org/x/sys/windows":         "its init builds every LazyProc, 83 KB; use syscall",
		"google.golang.org/grpc":           "4 MB; use agent/internal/grpcwire",
		"google.golang.org/protobuf/proto": "1.9 MB; use agent/internal/wire",
		"golang.org/x/net/http2":           "510 KB with net/http; hpack alone is 44 KB",
		"net/http/pprof":                   "not in a privileged process",
		"os/exec":                          "40 KB; agent/internal/command starts its few programs itself",
		"plugin":                           "not in a privileged process",
	}
	for _, goos := range systems {
		for _, p := range deps(t, goos) {
			if reason, ok := forbidden[p]; ok {
				t.Errorf("%s: %s is linked: %s", goos, p, reason)
			}
			for _, prefix := range []string{"golang.org/x/sys/", "google.golang.org/", "github.com/goccy/", "github.com/spf13/"} {
				if strings.HasPrefix(p, prefix) {
					t.Errorf("%s: %s is linked; nothing of %s may be", goos, p, prefix)
				}
			}
		}
	}
}

// TestSharedPackagesAreTheFourAllowed is DESIGN D2.
func TestSharedPackagesAreTheFourAllowed(t *testing.T) {
	allowed := []string{module + "shared/check", module + "shared/signed", module + "shared/trust", module + "shared/release"}
	for _, goos := range systems {
		for _, p := range deps(t, goos) {
			ours, ok := strings.CutPrefix(p, module)
			if !ok || strings.HasPrefix(ours, "agent/") || ours == "proto/trust/v1/trustlite" {
				continue
			}
			if !slices.Contains(allowed, p) {
				t.Errorf("%s: %s is linked; of ours the agent may use check, signed, trust and release", goos, p)
			}
		}
	}
}

// TestTheOtherSQLiteIsOnlyLinkedWhenAskedFor keeps modernc out of the real build.
func TestTheOtherSQLiteIsOnlyLinkedWhenAskedFor(t *testing.T) {
	has := func(tags ...string) bool {
		return slices.ContainsFunc(deps(t, runtime.GOOS, tags...), func(p string) bool { return strings.HasPrefix(p, "modernc.org/sqlite") })
	}
	if has() {
		t.Error("modernc is linked without the tag")
	}
	if runtime.GOOS == "linux" && !has("osiris_modernc") {
		t.Error("modernc is not linked with the tag")
	}
}
