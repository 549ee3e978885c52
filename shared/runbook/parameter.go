package runbook

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/osiriscare/osiris/shared/check"
)

// MaxValue is the longest value of a parameter, in bytes.
const MaxValue = 1024

// Types of a parameter.
const (
	TypeString = "string"
	TypeInt    = "int"
	TypeBool   = "bool"
	TypeEnum   = "enum"
)

// Parameter is the schema of one parameter.
type Parameter struct {
	// Type is string, int, bool or enum.
	Type string `yaml:"type"`
	Doc  string `yaml:"doc"`
	// Pattern must match a whole string. A string without one is refused at
	// load: parameters reach scripts.
	Pattern string `yaml:"pattern"`
	// Min and Max bound an int, both included.
	Min *int64 `yaml:"min"`
	Max *int64 `yaml:"max"`
	// Values of an enum.
	Values   []string `yaml:"values"`
	Required bool     `yaml:"required"`
	// Default is used when the caller gives none; nil leaves it out.
	Default *string `yaml:"default"`

	pattern *regexp.Regexp
}

// Validate checks params against the schema and returns them with defaults
// filled in and ints and bools in one spelling. An unknown name is an error.
func (r *Runbook) Validate(params map[string]string) (map[string]string, error) {
	for name := range params {
		if _, ok := r.Parameters[name]; !ok {
			return nil, fmt.Errorf("checking parameters of %s: %w: %.64q is not one of them", r.ID, ErrParameter, name)
		}
	}
	out := map[string]string{}
	for name, p := range r.Parameters {
		value, given := params[name]
		switch {
		case given:
		case p.Default != nil:
			value = *p.Default
		case p.Required:
			return nil, fmt.Errorf("checking parameters of %s: %w: %s is missing", r.ID, ErrParameter, name)
		default:
			continue
		}
		value, err := p.check(value)
		if err != nil {
			return nil, fmt.Errorf("checking parameters of %s: %w: %s: %w", r.ID, ErrParameter, name, err)
		}
		out[name] = value
	}
	return out, nil
}

// scriptValue bounds what a policy may give to a script: numbers and words.
var scriptValue = regexp.MustCompile(`\A[A-Za-z0-9_.,=<>-]{0,256}\z`)

// ForScripts checks params as Validate does and adds what the road's scripts take
// of the checks' parameters: the policy's values, or the judge's defaults. policy
// may be nil.
func (r *Runbook) ForScripts(road *ScriptRoad, params map[string]string, policy func(id check.ID) check.Parameters) (map[string]string, error) {
	out, err := r.Validate(params)
	if err != nil {
		return nil, err
	}
	for _, name := range road.CheckParameters {
		for _, id := range r.Checks {
			value, known := checkParameter(id, name, policy)
			if !known {
				continue
			}
			if !scriptValue.MatchString(value) {
				return nil, fmt.Errorf("checking parameters of %s: %w: %s: %.64q is not for a script", r.ID, ErrParameter, name, value)
			}
			out[name] = value
		}
	}
	if road.CheckSettings == "" {
		return out, nil
	}
	out[road.CheckSettings], err = r.settings(policy)
	return out, err
}

// settings are all parameters of the checks in one text, in the order of the
// judges: NAME=VALUE between commas, of which a value has none.
func (r *Runbook) settings(policy func(id check.ID) check.Parameters) (string, error) {
	var all []string
	for _, id := range r.Checks {
		for _, p := range check.Defaults(id) {
			value, _ := checkParameter(id, p.Name, policy)
			if !scriptValue.MatchString(value) || strings.Contains(value, ",") {
				return "", fmt.Errorf("checking parameters of %s: %w: %s: %.64q is not for a script", r.ID, ErrParameter, p.Name, value)
			}
			all = append(all, p.Name+"="+value)
		}
	}
	text := strings.Join(all, ",")
	if len(text) > MaxValue {
		return "", fmt.Errorf("checking parameters of %s: %w: together they have %d bytes, at most %d", r.ID, ErrParameter, len(text), MaxValue)
	}
	return text, nil
}

// ofChecks tells whether one of the checks has this parameter.
func (r *Runbook) ofChecks(name string) bool {
	return slices.ContainsFunc(r.Checks, func(id check.ID) bool {
		_, known := checkParameter(id, name, nil)
		return known
	})
}

func checkParameter(id check.ID, name string, policy func(id check.ID) check.Parameters) (string, bool) {
	for _, p := range check.Defaults(id) {
		if p.Name != name {
			continue
		}
		if policy != nil {
			if get := policy(id); get != nil {
				if value, given := get(name); given {
					return value, true
				}
			}
		}
		return p.Default, true
	}
	return "", false
}

func (p *Parameter) check(value string) (string, error) {
	if len(value) > MaxValue {
		return "", fmt.Errorf("%d bytes, at most %d", len(value), MaxValue)
	}
	switch p.Type {
	case TypeInt:
		return p.checkInt(value)
	case TypeBool:
		if value != "true" && value != "false" {
			return "", fmt.Errorf("%.64q is neither true nor false", value)
		}
	case TypeEnum:
		if !slices.Contains(p.Values, value) {
			return "", fmt.Errorf("%.64q is none of %s", value, strings.Join(p.Values, ", "))
		}
	default:
		if p.pattern == nil || !p.pattern.MatchString(value) {
			return "", fmt.Errorf("%.64q does not match %s", value, p.Pattern)
		}
	}
	return value, nil
}

func (p *Parameter) checkInt(value string) (string, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return "", fmt.Errorf("%.64q is not a whole number", value)
	}
	if p.Min != nil && n < *p.Min || p.Max != nil && n > *p.Max {
		return "", fmt.Errorf("%d is out of bounds", n)
	}
	return strconv.FormatInt(n, 10), nil
}

// compile checks the schema itself and prepares the pattern.
func (p *Parameter) compile() error {
	switch p.Type {
	case TypeString:
		if p.Pattern == "" {
			return fmt.Errorf("a string needs a pattern")
		}
		pattern, err := regexp.Compile(`\A(?:` + p.Pattern + `)\z`)
		if err != nil {
			return fmt.Errorf("compiling pattern: %w", err)
		}
		p.pattern = pattern
	case TypeInt:
		if p.Min == nil || p.Max == nil || *p.Min > *p.Max {
			return fmt.Errorf("an int needs min and max")
		}
	case TypeEnum:
		if len(p.Values) == 0 {
			return fmt.Errorf("an enum needs values")
		}
	case TypeBool:
	default:
		return fmt.Errorf("type %.64q is none of string, int, bool, enum", p.Type)
	}
	if p.Type != TypeString && p.Pattern != "" || p.Type != TypeInt && (p.Min != nil || p.Max != nil) ||
		p.Type != TypeEnum && len(p.Values) > 0 {
		return fmt.Errorf("pattern, min, max or values do not go with type %s", p.Type)
	}
	if p.Default == nil {
		return nil
	}
	if _, err := p.check(*p.Default); err != nil {
		return fmt.Errorf("checking default: %w", err)
	}
	return nil
}
