//go:build wine

package wine_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestTheProgramRunsAsItShips asks the program, built as it is released, for
// everything that a technician asks without an appliance.
func TestTheProgramRunsAsItShips(t *testing.T) {
	t.Parallel()
	p := open(t)
	for _, c := range []struct{ verb, want string }{
		{"version", "osiris-agent "},
		{"sample", "data_dir"},
		{"help", "osiris-agent install"},
		{"validate", "the configuration is good"},
	} {
		if out, err := p.Run(bounded(t), agentExe(t), c.verb); err != nil || !strings.Contains(out, c.want) {
			t.Errorf("%s = %q, %v; want %q in it", c.verb, out, err, c.want)
		}
	}
	// It exits with 3 because something fails: a fresh Wine never locks.
	out, err := p.Command(bounded(t), agentExe(t), "check", "--json").Output()
	var verdicts []struct{ Check, Status, Reason string }
	if jsonErr := json.Unmarshal(out, &verdicts); jsonErr != nil {
		t.Fatalf("check --json = %s, %v: %v", out, err, jsonErr)
	}
	var names []string
	for _, v := range verdicts {
		names = append(names, v.Check)
		if !slices.Contains([]string{"pass", "fail", "unknown", "not_applicable"}, v.Status) || v.Reason == "" {
			t.Errorf("%s is %q: %q; want a status and its reason", v.Check, v.Status, v.Reason)
		}
	}
	slices.Sort(names)
	want := []string{
		"account_lockout", "audit_policy", "bitlocker", "critical_services", "defender", "disk_space", "firewall", "guest_account",
		"password_policy", "patches", "pending_reboot", "rmm_detection", "screen_lock", "smbv1", "spooler", "time_sync",
	}
	if !slices.Equal(names, want) {
		t.Errorf("it made the checks %q; want %q", names, want)
	}
	text, err := p.Command(bounded(t), agentExe(t), "check", "screen_lock").Output()
	if !strings.Contains(string(text), "never locks") || err == nil {
		t.Errorf("check screen_lock = %q, %v; want that it never locks, and exit code 3", text, err)
	}
}
