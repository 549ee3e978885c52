//go:build integration

package e2e_test

import (
	"maps"
	"os/exec"
	"path/filepath"
	"testing"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// TestAnAgentWithItsOwnSQLite runs the build for a Linux that has no SQLite.
func TestAnAgentWithItsOwnSQLite(t *testing.T) {
	built, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	root, err := checkout()
	if err != nil {
		t.Fatal(err)
	}
	built = maps.Clone(built)
	built["osiris-agent"] = filepath.Join(t.TempDir(), "osiris-agent")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-tags", "osiris_modernc", "-o", built["osiris-agent"], "./agent/cmd/osiris-agent")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	s := startWith(t, built, trustv1.Tier_TIER_MONITOR_ONLY)
	s.flips(2)
	s.settled()
	s.proven()
}
