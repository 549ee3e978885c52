package runbook

import (
	"fmt"
	"slices"
	"time"
)

// Roads name what runs on each way to a host. A road that is nil is closed.
type Roads struct {
	Agent *AgentRoad  `yaml:"agent"`
	WinRM *ScriptRoad `yaml:"winrm"`
	SSH   *ScriptRoad `yaml:"ssh"`
}

// AgentRoad names an action that is compiled into the agent.
type AgentRoad struct {
	Action string `yaml:"action"`
}

// ScriptRoad has the phases between detect and verify, which are the facts
// scripts of the runbook's checks. An alert-only runbook has none of them.
type ScriptRoad struct {
	// CheckParameters are parameters of the runbook's checks that the phases take
	// too, with the values of the site's policy: the agent knows them without.
	CheckParameters []string `yaml:"check_parameters"`
	// CheckSettings names one parameter of the phases that holds all parameters of
	// the checks, as NAME=VALUE between commas: for names that are no variable's.
	CheckSettings string `yaml:"check_settings"`
	// Snapshot reads what remediate changes, for rollback.
	Snapshot  *Phase `yaml:"snapshot"`
	Remediate *Phase `yaml:"remediate"`
	Rollback  *Phase `yaml:"rollback"`
	// NoRollback says why there is no way back; exactly then Rollback is nil.
	NoRollback string `yaml:"no_rollback"`
}

// Phase is one script of a runbook and what it is declared to touch.
type Phase struct {
	TimeoutSeconds int `yaml:"timeout_seconds"`
	// Reads and Writes are resources (resource.go).
	Reads  []string `yaml:"reads"`
	Writes []string `yaml:"writes"`
	// Effects say what the host is afterwards, in the words of the lab's host
	// model: snapshot has none.
	Effects []Effect `yaml:"effects"`
	// Refuses say where a snapshot gives up, so that nothing is changed.
	Refuses []Refusal `yaml:"refuses"`

	// Script is the text, of the file <runbook>.<phase>.ps1 or .sh.
	Script *Text `yaml:"-"`
}

// Timeout is the longest time the phase may take.
func (p *Phase) Timeout() time.Duration { return time.Duration(p.TimeoutSeconds) * time.Second }

// phases are the road's own, by name, in the order in which they run.
func (s *ScriptRoad) phases() []namedPhase {
	var all []namedPhase
	for _, p := range []namedPhase{{Snapshot, s.Snapshot}, {Remediate, s.Remediate}, {Rollback, s.Rollback}} {
		if p.phase != nil {
			all = append(all, p)
		}
	}
	return all
}

type namedPhase struct {
	kind  Kind
	phase *Phase
}

func (s *ScriptRoad) validate(r *Runbook) error {
	switch {
	case r.AlertOnly && (len(s.phases()) > 0 || s.NoRollback != ""):
		return fmt.Errorf("an alert-only runbook has no phases")
	case r.AlertOnly:
		return nil
	case s.Snapshot == nil || s.Remediate == nil:
		return fmt.Errorf("snapshot or remediate is missing")
	case (s.Rollback == nil) != (s.NoRollback != ""):
		return fmt.Errorf("either rollback or no_rollback, the reason why there is none")
	case len(s.Snapshot.Writes) > 0 || len(s.Snapshot.Effects) > 0:
		return fmt.Errorf("snapshot writes or has effects")
	}
	for i, name := range s.CheckParameters {
		if _, taken := r.Parameters[name]; taken || slices.Contains(s.CheckParameters[:i], name) || !r.ofChecks(name) {
			return fmt.Errorf("check_parameters: %.64q is no parameter of the checks, or there twice", name)
		}
	}
	if name := s.CheckSettings; name != "" {
		if _, taken := r.Parameters[name]; taken || !shellPattern(name) || slices.Contains(s.CheckParameters, name) {
			return fmt.Errorf("check_settings: %.64q is no variable's name, or there twice", name)
		}
	}
	for _, p := range s.phases() {
		if err := p.phase.validate(r, s); err != nil {
			return fmt.Errorf("%s: %w", p.kind, err)
		}
		if p.kind != Snapshot && len(p.phase.Refuses) > 0 {
			return fmt.Errorf("%s refuses; only the snapshot can, before anything is changed", p.kind)
		}
		if p.kind != Snapshot && (len(p.phase.Writes) == 0 || len(p.phase.Effects) == 0) {
			return fmt.Errorf("%s writes nothing or has no effects", p.kind)
		}
	}
	return nil
}

func (p *Phase) validate(r *Runbook, road *ScriptRoad) error {
	if p.TimeoutSeconds < 1 || p.TimeoutSeconds > r.TimeoutSeconds {
		return fmt.Errorf("timeout_seconds is %d, not 1 to the runbook's %d", p.TimeoutSeconds, r.TimeoutSeconds)
	}
	for _, list := range [][]string{p.Reads, p.Writes} {
		if err := checkResources(list); err != nil {
			return err
		}
	}
	for i := range p.Refuses {
		if err := p.Refuses[i].compile(); err != nil {
			return err
		}
	}
	for i := range p.Effects {
		if err := p.Effects[i].compile(); err != nil {
			return err
		}
		if err := p.Effects[i].bind(r, road); err != nil {
			return err
		}
	}
	return nil
}
