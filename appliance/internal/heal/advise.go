package heal

import (
	"context"
	"fmt"
	"slices"

	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/shared/catalog"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
	"github.com/osiriscare/osiris/shared/runbook"
)

// Targets tell by which name orders reach a host without an agent.
type Targets interface {
	// TargetOf is the name, or "" when the host is no target of its own.
	TargetOf(ctx context.Context, hostID string) (string, error)
}

// unruled says what a person can do where no rule picks a runbook.
func (h *Healer) unruled(ctx context.Context, i incident.Incident) (string, error) {
	const none = "No rule mends this by itself"
	c, ok := catalog.Find(i.CheckID)
	if !ok {
		return none, nil
	}
	book, err := h.Catalogue.Get(c.Runbooks[i.OS])
	switch {
	case err == nil && i.AgentID == "":
		why, err := h.agentless(ctx, i, book)
		return none + ". " + why, err
	case err == nil && book.AlertOnly:
		return none + ". " + book.Advice, nil
	}
	return none + ". " + c.Advice, nil
}

// agentless says why nothing is mended by itself where no agent is, and what a
// person can do. Orders over WinRM and SSH exist, and change hosts marked lab alone.
func (h *Healer) agentless(ctx context.Context, i incident.Incident, book *runbook.Runbook) (string, error) {
	if who := owners[owner(i.Facts)]; who != "" {
		return who + " sets what this check looks at: change it there. A repair on the host would be refused as policy_conflict", nil
	}
	if book.AlertOnly {
		return book.Advice, nil
	}
	road, ok := "", false
	switch {
	case slices.Contains(i.Sources, string(drift.SourceWinRM)):
		road, ok = "WinRM", book.Roads.WinRM != nil
	case slices.Contains(i.Sources, string(drift.SourceSSH)):
		road, ok = "SSH", book.Roads.SSH != nil
	}
	switch {
	case road == "":
		return "The host has no agent that could mend it", nil
	case !ok:
		return "The host has no agent, and nothing mends this over " + road, nil
	}
	name := ""
	if h.Targets != nil {
		var err error
		if name, err = h.Targets.TargetOf(ctx, i.HostID); err != nil {
			return "", fmt.Errorf("finding the target of host %s: %w", i.HostID, err)
		}
	}
	why := "The host has no agent; over " + road + " repairs run only when a person orders them, and only on hosts marked lab. "
	if name == "" {
		return why + "Orders need a target: name the host with osirisctl target add, then run " + book.ID, nil
	}
	return why + "osirisctl runbook run " + book.ID + " --target " + name + " --site " + i.SiteID + " --dry-run tells what it would do", nil
}

// owners are those that set a setting again, whatever was done on the host.
var owners = map[string]string{"gpo": "Group policy", "mdm": "Device management (MDM)"}

func owner(facts check.Facts) string {
	who, _ := facts.Get(check.FactOwner)
	return who
}
