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
