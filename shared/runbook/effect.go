package runbook

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Effect sets one place of a host's model: firewall.profiles.*.enabled, to true.
type Effect struct {
	// Set is a path of words between dots; '*' is every member, and a word may be
	// "{parameter}".
	Set string `yaml:"set"`
	// To is a bool, an int64, or a string, of which "$parameter.NAME" is a parameter's
	// value and "$snapshot.<Set>" what was there when the snapshot ran.
	To any `yaml:"to"`
	// How is empty for a value that is set whatever was there; else Raise, Lower or
	// Add: what goes further already stays.
	How string `yaml:"how"`
	// When is what has to be there, by path, or the effect does not happen; a '*' is
	// the member that Set's '*' at that place stands for. A value may be a list, of
	// which one has to be there, "!TEXT", another text, ">N", a whole number above N,
	// or Missing. The path parameter.NAME is the parameter's value.
	When map[string]any `yaml:"when"`
}

// Ways to set a whole number.
const (
	Raise = "raise" // to at least this
	Lower = "lower" // to at most this
	Add   = "add"   // bits
)

// Missing is a condition on a path that is not there.
const Missing = "missing"

// Refusal is a host on which a snapshot gives up with Because, as its script throws
// it: one where When holds and Unless does not. Paths with a '*' hold for some
// member, the same for all paths of one of the two.
type Refusal struct {
	When    map[string]any `yaml:"when"`
	Unless  map[string]any `yaml:"unless"`
	Because string         `yaml:"because"`
}

func (r *Refusal) compile() error {
	if r.Because == "" || len(r.When)+len(r.Unless) == 0 {
		return fmt.Errorf("a refusal says neither when nor unless, or not because of what")
	}
	for _, conditions := range []map[string]any{r.When, r.Unless} {
		if err := compileConditions(conditions); err != nil {
			return fmt.Errorf("refusal %.64q: %w", r.Because, err)
		}
	}
	return nil
}

func compileConditions(conditions map[string]any) error {
	for path, value := range conditions {
		if !effectPattern.MatchString(path) {
			return fmt.Errorf("when %.64q is not a path of words between dots", path)
		}
		list, is := value.([]any)
		if !is {
			list = []any{value}
		}
		for i := range list {
			var err error
			if list[i], err = effectValue(list[i]); err != nil {
				return fmt.Errorf("when %s: %w", path, err)
			}
		}
		if !is {
			conditions[path] = list[0]
		}
	}
	return nil
}

// Holds compares what is at a path with a condition's value; there is false if
// nothing is.
func Holds(have any, there bool, want any) bool {
	switch want := want.(type) {
	case []any:
		return slices.ContainsFunc(want, func(one any) bool { return Holds(have, there, one) })
	case string:
		if want == Missing {
			return !there
		}
		if text, not := strings.CutPrefix(want, "!"); not {
			return there && have != text
		}
		if text, above := strings.CutPrefix(want, ">"); above {
			bound, err := strconv.ParseInt(text, 10, 64)
			n, number := have.(int64)
			return there && err == nil && number && n > bound
		}
	}
	return there && have == want
}

var effectPattern = regexp.MustCompile(`\A[a-z][a-z0-9_]*(\.([A-Za-z0-9_-]+|\*|\{[a-z][a-z0-9_]*\}))*\z`)

func (e *Effect) compile() error {
	if !effectPattern.MatchString(e.Set) {
		return fmt.Errorf("effect %.64q is not a path of words between dots", e.Set)
	}
	var err error
	if e.To, err = effectValue(e.To); err != nil {
		return fmt.Errorf("effect %s: %w", e.Set, err)
	}
	if e.How != "" && e.How != Raise && e.How != Lower && e.How != Add {
		return fmt.Errorf("effect %s: how %.64q is not %s, %s or %s", e.Set, e.How, Raise, Lower, Add)
	}
	for path := range e.When {
		if strings.Contains(e.At(path, e.Set), "?") {
			return fmt.Errorf("effect %s: when %.64q is not a path whose every * is one of the effect's", e.Set, path)
		}
	}
	if err := compileConditions(e.When); err != nil {
		return fmt.Errorf("effect %s: %w", e.Set, err)
	}
	return nil
}

// effectValue is what may be set or compared with: bool, string or int64.
func effectValue(value any) (any, error) {
	switch v := value.(type) {
	case bool, string, int64:
		return v, nil
	case uint64:
		if v > 1<<62 {
			return nil, fmt.Errorf("%d is too large", v)
		}
		return int64(v), nil
	default:
		return nil, fmt.Errorf("%T is neither a yes or no, a whole number nor a text", value)
	}
}

// At is a path of When for the one place that Set stands for at a time: each '*' is
// the word there. A '*' that is not one of Set's becomes "?".
func (e *Effect) At(path, place string) string {
	words, set, at := strings.Split(path, "."), strings.Split(e.Set, "."), strings.Split(place, ".")
	for i, word := range words {
		if word != "*" {
			continue
		}
		words[i] = "?"
		if i < len(at) && len(at) == len(set) && slices.Equal(set[:i+1], strings.Split(path, ".")[:i+1]) {
			words[i] = at[i]
		}
	}
	return strings.Join(words, ".")
}

// bind checks what stands for something else. What the snapshot had is always the
// value at the effect's own path, so that a host's model need not know the state
// that a script saves.
func (e *Effect) bind(r *Runbook, road *ScriptRoad) error {
	text, is := e.To.(string)
	if !is || !strings.HasPrefix(text, "$") {
		return nil
	}
	if name, ok := strings.CutPrefix(text, "$parameter."); ok {
		if _, known := r.Parameters[name]; !known && !slices.Contains(road.CheckParameters, name) {
			return fmt.Errorf("effect %s: there is no parameter %.64q", e.Set, name)
		}
		return nil
	}
	if text != "$snapshot."+e.Set {
		return fmt.Errorf("effect %s: %.64q is neither a parameter nor the snapshot's value at that path", e.Set, text)
	}
	return nil
}
