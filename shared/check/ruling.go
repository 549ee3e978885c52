package check

import "strings"

// A check's rulings are lines of text and not code, because the agent counts
// bytes: the first holds what is expected, each further one is
//
//	CONDITIONS|OUTCOME|ACTUAL|REASON
//
// and the first whose conditions all hold decides. Conditions stand between '&':
//
//	FACT        it is there            -FACT       it is not
//	FACT=VALUE  it has this value, wherever it repeats
//	FACT#       it begins with a number
//	FACT>NAME   which is above the parameter; FACT<NAME below
//	$NAME=VALUE the parameter has this value
//
// OUTCOME is pass, unknown or the
// severity of a failure. In what is expected, ACTUAL and REASON {FACT} stands for
// the values of a fact and {$NAME} for a parameter.

// rule gives the verdict of a check's rulings.
func (d *definition) rule(rulings string, f Facts, p Parameters, v *Verdict) {
	expected, rest, _ := strings.Cut(rulings, "\n")
	v.Expected = d.expand(expected, f, p)
	for rest != "" {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		conditions, line, _ := strings.Cut(line, "|")
		met := true
		for conditions != "" && met {
			var one string
			one, conditions, _ = strings.Cut(conditions, "&")
			met = d.holds(one, f, p)
		}
		if !met {
			continue
		}
		outcome, line, _ := strings.Cut(line, "|")
		actual, reason, _ := strings.Cut(line, "|")
		v.Actual = d.expand(actual, f, p)
		v.fail(outcome, d.expand(reason, f, p))
		if outcome == "pass" || outcome == "unknown" {
			v.Severity = ""
			v.Status, _ = ParseStatus(outcome)
		}
		return
	}
	v.unknown("The state could not be read.")
}

// holds tells whether one condition does.
func (d *definition) holds(condition string, f Facts, p Parameters) bool {
	at := strings.IndexAny(condition, "=<>#")
	if at < 0 {
		name, absent := strings.CutPrefix(condition, "-")
		_, there := f.Get(name)
		return there != absent
	}
	name, operator, value := condition[:at], condition[at], condition[at+1:]
	if operator == '=' {
		parameter, is := strings.CutPrefix(name, "$")
		return f.has(name, value) || (is && d.get(p, parameter) == value)
	}
	number, ok := parseNumber(before(f.text(name), "."))
	limit := d.number(p, value)
	return ok && (operator == '#' || operator == '>' && number > limit || operator == '<' && number < limit)
}

// expand puts values in the place of their names in braces.
func (d *definition) expand(text string, f Facts, p Parameters) (out string) {
	for {
		head, rest, found := strings.Cut(text, "{")
		if out += head; !found {
			return out
		}
		var name, value string
		name, text, _ = strings.Cut(rest, "}")
		if parameter, is := strings.CutPrefix(name, "$"); is {
			value = d.get(p, parameter)
		}
		for i := range f {
			if f[i].Name == name {
				value = join(value, f[i].Value)
			}
		}
		out += value
	}
}

// has tells whether a fact has this value, wherever it repeats.
func (f Facts) has(name, value string) bool {
	for i := range f {
		if f[i].Name == name && f[i].Value == value {
			return true
		}
	}
	return false
}
