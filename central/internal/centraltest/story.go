package centraltest

import (
	"strconv"

	"github.com/osiriscare/osiris/shared/bundle"
)

// Report is the bundle of an agent's verdict on the hardening check.
func Report(hostID string, seq uint64, status, incidentID string) bundle.Bundle {
	kind := bundle.KindObservation
	if incidentID != "" {
		kind = bundle.KindDrift
	}
	agent := "ag_" + hostID
	return bundle.Bundle{
		BundleID: bundle.ID(agent, "0102", seq, "received"), Kind: kind, HostID: hostID, Hostname: "WS-" + hostID, DeviceType: "workstation",
		Source: "agent", AgentID: agent, QueueID: "0102", Seq: seq, Phase: "received", Outcome: bundle.OutcomeNone,
		CheckID: "sysctl_hardening", DriftType: "kernel_hardening_missing", Severity: "medium", IncidentID: incidentID,
		HIPAAControls: []string{"164.308(a)(1)(ii)(B)"},
		Verdict:       &bundle.Verdict{CheckID: "sysctl_hardening", Status: status, Severity: "medium", Reason: "report " + strconv.FormatUint(seq, 10)},
		Summary:       "sysctl_hardening: " + status,
	}
}

// About is a bundle of the appliance on an incident.
func About(kind, hostID, incidentID, outcome string) bundle.Bundle {
	return bundle.Bundle{
		BundleID: bundle.IDOf(kind + "/" + incidentID), Kind: kind, HostID: hostID, Hostname: "WS-" + hostID, Source: "appliance",
		AgentID: "ag_" + hostID, CheckID: "sysctl_hardening", DriftType: "kernel_hardening_missing", Severity: "medium",
		IncidentID: incidentID, Outcome: outcome, RunbookID: "linux.sysctl.harden", Level: "L1", Summary: kind + " of " + incidentID,
	}
}

// Result is the bundle of a command's outcome with the verdict after it.
func Result(hostID string, seq uint64, incidentID, outcome, after string) bundle.Bundle {
	b := Report(hostID, seq, after, incidentID)
	b.Kind, b.Outcome, b.RunbookID, b.CommandID = bundle.KindResult, outcome, "linux.sysctl.harden", "c0"
	b.Actions = []bundle.Action{{Step: "detect", OK: true}, {Step: "remediate", OK: true}, {Step: "verify", OK: after == "pass"}}
	b.Summary = "linux.sysctl.harden: " + outcome
	return b
}
