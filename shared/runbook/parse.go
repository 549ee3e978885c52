package runbook

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"

	"github.com/osiriscare/osiris/shared/check"
)

// MaxFile is the largest runbook file, in bytes.
const MaxFile = 64 << 10

// maxTimeout bounds a runbook's time: an hour, the longest maintenance step.
const maxTimeout = 3600

var (
	idPattern       = regexp.MustCompile(`\A(windows|darwin|linux)(\.[a-z][a-z0-9_]{0,23}){1,4}\z`)
	actionPattern   = regexp.MustCompile(`\A[a-z][a-z0-9_]{0,23}(\.[a-z][a-z0-9_]{0,23}){0,3}\z`)
	namePattern     = regexp.MustCompile(`\A[a-z][a-z0-9_]{0,31}\z`)
	seedPattern     = regexp.MustCompile(`\A[A-Z]{2,4}(-[A-Z0-9]{2,12}){1,3}\z`)
	citationPattern = regexp.MustCompile(`\A164\.3\d\d(\([a-zA-Z0-9]{1,4}\)){1,5}\z`)
)

// Parse reads one runbook file. An unknown key is an error with its line.
func Parse(content []byte) (*Runbook, error) {
	if len(content) > MaxFile {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrInvalid, len(content), MaxFile)
	}
	r := &Runbook{}
	if err := Decode(content, r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err := r.validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	r.Hash = sha256.Sum256(content)
	return r, nil
}

func (r *Runbook) validate() error {
	switch m := idPattern.FindStringSubmatch(r.ID); {
	case m == nil:
		return fmt.Errorf("id %.64q is not <platform>.<noun>.<verb>", r.ID)
	case r.Platform != m[1]:
		return fmt.Errorf("platform %.64q does not fit the id %s", r.Platform, r.ID)
	case r.Title == "":
		return fmt.Errorf("title is empty")
	case len(r.Checks) == 0:
		return fmt.Errorf("checks is empty: nothing could verify the fix")
	case r.TimeoutSeconds < 1 || r.TimeoutSeconds > maxTimeout:
		return fmt.Errorf("timeout_seconds is %d, not 1 to %d", r.TimeoutSeconds, maxTimeout)
	case r.AlertOnly && (r.Advice == "" || r.Disruptive || r.Reboot || r.LabOnly || len(r.Parameters) > 0):
		return fmt.Errorf("an alert-only runbook needs advice, and changes nothing")
	}
	if err := r.Conditions.validate(r.Platform); err != nil {
		return err
	}
	if err := r.validateLists(); err != nil {
		return err
	}
	return r.validateRoads()
}

func (r *Runbook) validateRoads() error {
	roads := &r.Roads
	switch {
	case roads.Agent == nil && roads.WinRM == nil && roads.SSH == nil:
		return fmt.Errorf("roads is empty: nothing could run")
	case roads.Agent != nil && r.AlertOnly:
		return fmt.Errorf("roads.agent: an alert-only runbook has no action")
	case roads.Agent != nil && !actionPattern.MatchString(roads.Agent.Action):
		return fmt.Errorf("roads.agent.action %.64q is not a dotted name", roads.Agent.Action)
	case roads.WinRM != nil && r.Platform != "windows":
		return fmt.Errorf("roads.winrm is for windows")
	case roads.SSH != nil && r.Platform != "linux":
		return fmt.Errorf("roads.ssh is for linux")
	}
	for name, road := range map[string]*ScriptRoad{"winrm": roads.WinRM, "ssh": roads.SSH} {
		if road == nil {
			continue
		}
		if err := road.validate(r); err != nil {
			return fmt.Errorf("roads.%s: %w", name, err)
		}
	}
	return nil
}

func (r *Runbook) validateLists() error {
	seen := map[check.ID]bool{}
	for _, id := range r.Checks {
		if !namePattern.MatchString(string(id)) || seen[id] {
			return fmt.Errorf("check %.64q is no id or there twice", id)
		}
		seen[id] = true
	}
	for i, id := range r.SeedIDs {
		if !seedPattern.MatchString(id) || slices.Contains(r.SeedIDs[:i], id) {
			return fmt.Errorf("seed id %.64q is not like RB-WIN-SEC-001, or there twice", id)
		}
	}
	for _, citation := range r.Citations {
		if !citationPattern.MatchString(citation) {
			return fmt.Errorf(`citation %.64q is not like "164.312(b)"`, citation)
		}
	}
	for name, p := range r.Parameters {
		if !namePattern.MatchString(name) {
			return fmt.Errorf("parameter name %.64q has other than lower-case letters, digits and underscores", name)
		}
		if err := p.compile(); err != nil {
			return fmt.Errorf("parameter %s: %w", name, err)
		}
		r.Parameters[name] = p
	}
	return nil
}
