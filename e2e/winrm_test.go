//go:build integration

package e2e_test

import (
	"testing"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/tools/winlab/practice"
)

// TestHostsWithoutAnAgentAreScannedAndProven lets the appliance scan a practice of
// Windows hosts over WinRM.
func TestHostsWithoutAnAgentAreScannedAndProven(t *testing.T) {
	l := startLab(t, practice.Config{Hosts: 6}, trustv1.Tier_TIER_MONITOR_ONLY)
	for _, h := range l.In.Hosts {
		l.target(h.Name)
	}
	l.judged("DC-01", "spooler", "fail")
	l.judged("FILES-01", "smbv1", "fail")
	l.judged("FRONTDESK-01", "firewall", "fail")
	l.judged("FRONTDESK-02", "firewall", "pass")
	l.judged("EXAM-01", "bitlocker", "fail")
}
