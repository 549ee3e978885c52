package heal

import (
	"strings"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/shared/runbook"
)

func TestAPersonLearnsWhyNothingIsMendedWithoutAnAgent(t *testing.T) {
	both := runbook.Roads{Agent: &runbook.AgentRoad{Action: "a"}, WinRM: &runbook.ScriptRoad{}, SSH: &runbook.ScriptRoad{}}
	for name, tt := range map[string]struct {
		sources []string
		roads   runbook.Roads
		want    string
	}{
		"over WinRM an order is possible":       {[]string{"winrm"}, both, "over WinRM repairs run only when a person orders them, and only on hosts marked lab. osirisctl runbook run x.y.z --target NAME --dry-run"},
		"over SSH an order is possible":         {[]string{"sensor", "ssh"}, both, "over SSH repairs run only when a person orders them"},
		"a runbook may have no such road":       {[]string{"ssh"}, runbook.Roads{Agent: both.Agent}, "nothing mends this over SSH"},
		"a sensor only reports":                 {[]string{"sensor"}, both, "The host has no agent that could mend it"},
		"what the network shows has no road":    {[]string{"network"}, both, "The host has no agent that could mend it"},
		"the road of another source is no road": {[]string{"winrm"}, runbook.Roads{SSH: both.SSH}, "nothing mends this over WinRM"},
	} {
		i := incident.Incident{Sources: tt.sources, OS: "windows"}
		got := (&Healer{}).forbidden(i, &runbook.Runbook{ID: "x.y.z", Roads: tt.roads}, 1)
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q; want %q", name, got, tt.want)
		}
	}
}
