package intake_test

import (
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

// A run over WinRM belongs to no queue, and its verify may see what was known
// before: it is evidence all the same.
func TestEveryRunIsEvidenceWhateverItsVerifySaw(t *testing.T) {
	a, _ := start(t)
	h, err := a.Hosts.Sensor(t.Context(), "WS9", "X", "1", 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"a", "b", "b"} {
		now := time.Now()
		after := &drift.Verdict{Verdict: check.Verdict{Check: check.Firewall, Status: check.Pass}, Known: true, ObservedAt: now}
		err := a.Intake.Observe(t.Context(), &h, &drift.Event{
			Source: drift.SourceWinRM, Kind: drift.KindResult, AgentTime: now, ReceivedTime: now,
			Result: &drift.Result{CommandID: strings.Repeat(command, 32), RunbookID: "windows.firewall.enable", Check: check.Firewall, Outcome: drift.Healed, After: after},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := kinds(t, a); got != "result result" {
		t.Errorf("kinds = %q; want one for each of the two commands", got)
	}
}
