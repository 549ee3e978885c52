package rule

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"cel.dev/cel-go/cel"

	"github.com/osiriscare/osiris/shared/runbook"
)

// Defaults of a rule's keys.
const (
	defaultPriority   = 100
	defaultCooldown   = 300
	defaultMaxRetries = 1
)

// Bounds on a rule's numbers. A cooldown of zero would heal in a loop.
const (
	maxPriority   = 1000
	minCooldown   = 5
	maxCooldown   = 7 * 24 * 3600
	maxMaxRetries = 10
	maxName       = 200
)

var idPattern = regexp.MustCompile(`\A[a-z0-9][a-z0-9._-]{1,63}\z`)

// spec is a rule as its file has it; a pointer is a key with a default.
type spec struct {
	ID              string            `yaml:"id"`
	Name            string            `yaml:"name"`
	When            string            `yaml:"when"`
	Runbook         string            `yaml:"runbook"`
	Parameters      map[string]string `yaml:"parameters"`
	Priority        *int              `yaml:"priority"`
	CooldownSeconds *int              `yaml:"cooldown_seconds"`
	MaxRetries      *int              `yaml:"max_retries"`
	Enabled         *bool             `yaml:"enabled"`
	Source          string            `yaml:"source"`
}

// parse reads a file: a list under rules. An unknown key is an error with its
// line.
func parse(content []byte) ([]spec, error) {
	var file struct {
		Rules []spec `yaml:"rules"`
	}
	if err := runbook.Decode(content, &file); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if len(file.Rules) == 0 {
		return nil, fmt.Errorf("%w: the list rules is empty", ErrInvalid)
	}
	return file.Rules, nil
}

func (s *spec) compile(env *cel.Env, catalogue *runbook.Catalogue, folder string) (*Rule, error) {
	r := &Rule{
		ID: s.ID, Name: s.Name, When: s.When, Source: s.Source,
		Priority:   or(s.Priority, defaultPriority),
		Cooldown:   time.Duration(or(s.CooldownSeconds, defaultCooldown)) * time.Second,
		MaxRetries: or(s.MaxRetries, defaultMaxRetries),
		Enabled:    or(s.Enabled, true),
	}
	if r.Source == "" {
		r.Source = folder
	}
	if err := r.validate(folder); err != nil {
		return nil, err
	}
	var err error
	if r.Runbook, err = catalogue.Get(s.Runbook); err != nil {
		return nil, err
	}
	if r.Parameters, err = r.Runbook.Validate(s.Parameters); err != nil {
		return nil, err
	}
	r.program, err = compile(env, s.When)
	return r, err
}

func (r *Rule) validate(folder string) error {
	cooldown := int64(r.Cooldown / time.Second)
	switch {
	case !idPattern.MatchString(r.ID):
		return fmt.Errorf("id is not 2 to 64 lower-case letters, digits, dots, hyphens and underscores")
	case r.Name == "" || len(r.Name) > maxName:
		return fmt.Errorf("name has %d bytes, not 1 to %d", len(r.Name), maxName)
	case r.Priority < 0 || r.Priority > maxPriority:
		return fmt.Errorf("priority is %d, not 0 to %d", r.Priority, maxPriority)
	case cooldown < minCooldown || cooldown > maxCooldown:
		return fmt.Errorf("cooldown_seconds is %d, not %d to %d", cooldown, minCooldown, maxCooldown)
	case r.MaxRetries < 0 || r.MaxRetries > maxMaxRetries:
		return fmt.Errorf("max_retries is %d, not 0 to %d", r.MaxRetries, maxMaxRetries)
	case !slices.Contains([]string{SourceBuiltin, SourceCustom, SourcePromoted, SourceSynced}, r.Source):
		return fmt.Errorf("source %.64q is none of builtin, custom, promoted, synced", r.Source)
	case (r.Source == SourceBuiltin) != (folder == SourceBuiltin):
		return fmt.Errorf("source %s is not for this folder", r.Source)
	}
	return nil
}

func or[T any](value *T, otherwise T) T {
	if value == nil {
		return otherwise
	}
	return *value
}
