package update

import (
	"encoding/hex"
	"fmt"

	"github.com/osiriscare/osiris/appliance/internal/id"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/bundle"
)

// phase is that of all bundles made here.
const phase = "update"

// Kinds are those there are: what an agent tells of itself is an observation,
// with the outcome it had; what a person must look at is an escalation.

// outcomeOf is an update's in evidence, and how it reads.
func outcomeOf(s compliancev1.UpdateState) (outcome, words string) {
	switch s {
	case compliancev1.UpdateState_UPDATE_STATE_INSTALLED:
		return bundle.OutcomeSuccess, "runs and has proved that it is healthy"
	case compliancev1.UpdateState_UPDATE_STATE_ROLLED_BACK:
		return bundle.OutcomeReverted, "was taken back"
	case stateTrial:
		return bundle.OutcomeNone, "was staged, is in place and on trial"
	default: // failed, or a state of a later version
		return bundle.OutcomeFailed, "was not put in place"
	}
}

// told is evidence of what an agent tells of a program.
func (u *Update) told(a asker, o *compliancev1.UpdateOutcome) *bundle.Bundle {
	outcome, words := outcomeOf(o.GetState())
	b := u.act(bundle.KindObservation, outcome)
	b.Source, b.AgentID, b.HostID, b.Hostname = "agent", a.id, a.host.ID, a.host.Hostname
	program := hex.EncodeToString(o.GetSha256())
	b.PostState = map[string]string{
		"program_sha256": program, "agent_version": a.version, "system": a.os + "/" + a.arch, "state": o.GetState().String(),
		"failures": fmt.Sprint(o.GetFailures()), "reason": cut(o.GetReason()),
	}
	b.Summary = fmt.Sprintf("The program %s %s; the agent is version %s.", program[:16], words, a.version)
	if o.GetReason() != "" {
		b.Summary += " It says: " + cut(o.GetReason()) + "."
	}
	return b
}

// halt is evidence of a ring that was closed.
func (u *Update) halt(t *trustv1.ReleaseFile, ring int, why string) *bundle.Bundle {
	b := u.act(bundle.KindEscalation, bundle.OutcomeAlert)
	b.Level = "L3"
	b.PostState = map[string]string{
		"program_sha256": name(t.GetSha256()), "agent_version": t.GetRelease(), "system": t.GetOs() + "/" + t.GetArch(), "ring": fmt.Sprint(ring + 1),
	}
	b.Summary = fmt.Sprintf("The update to %s is halted in ring %d: %s. Nobody else gets it until a person resumes it.", t.GetRelease(), ring+1, why)
	return b
}

// refusal is evidence of a folder that is not offered.
func (u *Update) refusal(why string) *bundle.Bundle {
	b := u.act(bundle.KindEscalation, bundle.OutcomeRejected)
	b.Level = "L3"
	b.Summary = "The folder of updates is refused, no agent is offered anything: " + why + "."
	return b
}

// act is a bundle of the appliance. Its id is random: the transaction that makes
// it keeps, too, that it was made.
func (u *Update) act(kind, outcome string) *bundle.Bundle {
	now := bundle.At(u.now())
	b := &bundle.Bundle{
		BundleID: bundle.IDOf("update/" + id.New("u")), Kind: kind, SiteID: u.SiteID, ApplianceID: u.ApplianceID, Source: "appliance",
		Phase: phase, Outcome: outcome, Appliance: u.Version, DeploymentMode: "direct", ReceivedTime: now, MadeTime: now,
	}
	b.TrustVersion, b.PolicyVersion = u.Versions.Versions()
	return b
}
