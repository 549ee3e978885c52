package heal

import (
	"context"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// names are targets by host.
type names map[string]string

func (n names) TargetOf(_ context.Context, hostID string) (string, error) { return n[hostID], nil }

func TestAPersonLearnsWhyNothingIsMendedWithoutAnAgent(t *testing.T) {
	both := runbook.Roads{Agent: &runbook.AgentRoad{Action: "a"}, WinRM: &runbook.ScriptRoad{}, SSH: &runbook.ScriptRoad{}}
	const command = "only on hosts marked lab. osirisctl runbook run x.y.z --target SRV01 --site s_1 --dry-run tells"
	for name, tt := range map[string]struct {
		host, owner string
		sources     []string
		roads       runbook.Roads
		want        string
	}{
		"over WinRM an order is possible":       {"h_1", "", []string{"winrm"}, both, "over WinRM repairs run only when a person orders them, and " + command},
		"over SSH an order is possible":         {"h_1", "", []string{"sensor", "ssh"}, both, "over SSH repairs run only when a person orders them, and " + command},
		"a computer of a domain has no name":    {"h_2", "", []string{"winrm"}, both, "name the host with osirisctl target add, then run x.y.z"},
		"group policy sets it":                  {"h_1", "gpo", []string{"winrm"}, both, "Group policy sets what this check looks at: change it there"},
		"device management sets it":             {"h_1", "mdm", []string{"winrm"}, both, "Device management (MDM) sets"},
		"an owner that could not be read":       {"h_1", "other", []string{"winrm"}, both, command},
		"a runbook may have no such road":       {"h_1", "", []string{"ssh"}, runbook.Roads{Agent: both.Agent}, "nothing mends this over SSH"},
		"a sensor only reports":                 {"h_1", "", []string{"sensor"}, both, "The host has no agent that could mend it"},
		"what the network shows has no road":    {"h_1", "", []string{"network"}, both, "The host has no agent that could mend it"},
		"the road of another source is no road": {"h_1", "", []string{"winrm"}, runbook.Roads{SSH: both.SSH}, "nothing mends this over WinRM"},
	} {
		i := incident.Incident{SiteID: "s_1", HostID: tt.host, Sources: tt.sources, OS: "windows"}
		if tt.owner != "" {
			i.Facts = check.Facts{{Name: check.FactOwner, Value: tt.owner}}
		}
		h := &Healer{Deps: Deps{Targets: names{"h_1": "SRV01"}}}
		got, err := h.forbidden(t.Context(), i, &runbook.Runbook{ID: "x.y.z", Roads: tt.roads}, 1)
		if err != nil || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, tt.want)
		}
	}
}

func TestAPersonLearnsWhatToDoWhereNoRuleHelps(t *testing.T) {
	catalogue, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	review, err := catalogue.Get("windows.patches.review")
	if err != nil || review.Advice == "" {
		t.Fatalf("windows.patches.review = %v, %v; want its advice", review, err)
	}
	h := &Healer{Deps: Deps{Catalogue: catalogue, Targets: names{"h_1": "SRV01"}}}
	for name, tt := range map[string]struct {
		id    check.ID
		agent string
		want  string
	}{
		"without an agent, the runbook's name":              {check.BackupStatus, "", "osirisctl runbook run windows.backup.run --target SRV01 --site s_1"},
		"without an agent, the advice of an alert-only one": {check.Patches, "", review.Advice},
		"with an agent, the advice of an alert-only one":    {check.Patches, "ag_1", review.Advice},
		"with an agent, the advice of the check":            {check.DiskSpace, "ag_1", "Free space on the volume or enlarge it."},
		"a check that nobody knows":                         {"nonsense", "", "No rule mends this by itself"},
	} {
		got, err := h.unruled(t.Context(), incident.Incident{SiteID: "s_1", HostID: "h_1", AgentID: tt.agent, Sources: []string{"winrm"}, OS: "windows", CheckID: tt.id})
		if err != nil || !strings.HasPrefix(got, "No rule mends this by itself") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, tt.want)
		}
	}
}
