package intake

import (
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

type versions struct{}

func (versions) Versions() (trust, policy uint64) { return 1, 2 }

func TestABundleSaysHowThePracticeGetsTheService(t *testing.T) {
	m := NewMaker("s_1", "ap_1", "1.2.3", versions{})
	b := m.draft(&host.Host{ID: "h_1"}, &drift.Event{Kind: drift.KindVerdict, Verdict: &drift.Verdict{Verdict: check.Verdict{Check: check.SysctlHardening, Status: check.Pass}}})
	if b.DeploymentMode != "direct" {
		t.Errorf("deployment_mode = %q; want direct", b.DeploymentMode)
	}
}

func TestAResultThatIsToldTwiceIsOneBundle(t *testing.T) {
	m := NewMaker("s_1", "ap_1", "1.2.3", versions{})
	h := &host.Host{ID: "h_1", DeviceType: "workstation"}
	result := func(command string) *drift.Event {
		return &drift.Event{Source: drift.SourceWinRM, Kind: drift.KindResult, Result: &drift.Result{CommandID: command, Outcome: drift.Healed}}
	}
	a, again, other := m.draft(h, result("01")), m.draft(h, result("01")), m.draft(h, result("02"))
	if a.BundleID != again.BundleID || a.BundleID == other.BundleID {
		t.Errorf("bundle ids = %s, %s, %s; want one a command", a.BundleID, again.BundleID, other.BundleID)
	}
	if a.DeviceType != "workstation" {
		t.Errorf("device_type = %q; want workstation", a.DeviceType)
	}
}
