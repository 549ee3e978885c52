package runbook

import (
	"crypto/sha256"
	"fmt"
	"regexp"

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
	case r.Roads.Agent == nil:
		return fmt.Errorf("roads is empty: nothing could run")
	case !actionPattern.MatchString(r.Roads.Agent.Action):
		return fmt.Errorf("roads.agent.action %.64q is not a dotted name", r.Roads.Agent.Action)
	}
	return r.validateLists()
}

func (r *Runbook) validateLists() error {
	seen := map[check.ID]bool{}
	for _, id := range r.Checks {
		if !namePattern.MatchString(string(id)) || seen[id] {
			return fmt.Errorf("check %.64q is no id or there twice", id)
		}
		seen[id] = true
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
