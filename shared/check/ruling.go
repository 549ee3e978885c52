package check

import "strings"

// A check's rulings are lines of text and not code, because the agent counts
// bytes: the first holds what is expected, each further one is
//
//	CONDITIONS|OUTCOME|ACTUAL|REASON
//
// and the first whose conditions all hold decides. Conditions stand between '&':
//
//	FACT        it is there                    -FACT       it is not
//	FACT=VALUE  it has this value, wherever it repeats      FACT!VALUE  it has not
//	FACT?CHARS  it is one of these characters
//	FACT^TEXT   it begins with this            FACT~TEXT   it has this inside, in whatever case
//	FACT*N      it is there N times or more    FACT%BITS   it has one of these bits
//	FACT#       it begins with a number
//	FACT>NAME   which is above the number or parameter; FACT<NAME below
//	$NAME       the parameter instead of a fact
//
// OUTCOME is pass, unknown, not_applicable or the severity of a failure. These
// decide nothing: "+NAME" adds the fact NAME with the value ACTUAL, unless that is
// empty; "expected" says that ACTUAL is; "next" skips what follows. The lines from
// "for FACT" to "end" count for each row that FACT holds (row.go), whose fields
// are facts there. In all but the condition's names {FACT} stands for the values
// of a fact and {$NAME} for a parameter.
//
// Every check has the facts role, domain, controller and workstation, as the
// host's domain role means them, and nothing where there are no facts.

// ruling is one check's rulings under way.
type ruling struct {
	d     *definition
	p     Parameters
	v     *Verdict
	facts Facts
}

// roleFacts are named by the bits of roleOf.
var roleFacts = [...]string{"role", "domain", "controller", "workstation"}

// rule gives the verdict of a check's rulings.
func (d *definition) rule(rulings string, f Facts, p Parameters, v *Verdict) {
	r := &ruling{d, p, v, append(Facts(nil), f...)}
	if len(f) == 0 {
		r.facts.Add("nothing", "yes")
	}
	role := roleOf(f)
	for i := range roleFacts {
		if role>>i&1 != 0 {
			r.facts.Add(roleFacts[i], "yes")
		}
	}
	expected, rest, _ := strings.Cut(rulings, "\n")
	v.Expected = r.expand(expected)
	if !r.run(rest) {
		v.unknown("The state could not be read.")
	}
}

// run tells whether a line has decided.
func (r *ruling) run(lines string) bool {
	for lines != "" {
		var line string
		line, lines, _ = strings.Cut(lines, "\n")
		if fact, loop := strings.CutPrefix(line, "for "); loop {
			line, lines, _ = strings.Cut(lines, "\nend\n")
			if r.each(fact, line) {
				return true
			}
			continue
		}
		conditions, line, _ := strings.Cut(line, "|")
		if !r.hold(conditions) {
			continue
		}
		outcome, line, _ := strings.Cut(line, "|")
		actual, reason, _ := strings.Cut(line, "|")
		actual = r.expand(actual)
		switch {
		case outcome[0] == '+':
			if actual != "" {
				r.facts.Add(r.expand(outcome[1:]), actual)
			}
		case outcome == "next":
			return false
		case outcome == "expected":
			r.v.Expected = actual
		default:
			r.v.Actual = actual
			r.v.fail(outcome, r.expand(reason))
			if status, ok := ParseStatus(outcome); ok {
				r.v.Status, r.v.Severity = status, ""
			}
			return true
		}
	}
	return false
}

// each runs lines for each row of a fact. Its fields stand before all facts.
func (r *ruling) each(fact, lines string) bool {
	rows := r.facts
	var row Facts
	for i := 0; rows.next(fact, &i, &row); {
		r.facts = append(row, r.facts...)
		if r.run(lines) {
			return true
		}
		r.facts = r.facts[len(row):]
	}
	return false
}

// hold tells whether all conditions do.
func (r *ruling) hold(conditions string) bool {
	for conditions != "" {
		var one string
		one, conditions, _ = strings.Cut(conditions, "&")
		if !r.holds(one) {
			return false
		}
	}
	return true
}

func (r *ruling) holds(condition string) bool {
	at := 0
	for at < len(condition) && strings.IndexByte("=!?^~*%#><", condition[at]) < 0 {
		at++
	}
	name := condition[:at]
	if at == len(condition) {
		name, absent := strings.CutPrefix(name, "-")
		_, there := r.facts.Get(name)
		return there != absent
	}
	have := r.facts.text(name)
	if parameter, is := strings.CutPrefix(name, "$"); is {
		have = r.d.get(r.p, parameter)
	}
	operator, value := condition[at], r.expand(condition[at+1:])
	switch operator {
	case '=', '!':
		is := value != "" && (have == value || r.facts.has(name, value))
		return is == (operator == '=')
	case '?':
		return len(have) == 1 && strings.Contains(value, have)
	case '^':
		return strings.HasPrefix(have, value)
	case '~':
		return strings.Contains(strings.ToLower(have), strings.ToLower(value))
	}
	number, ok := parseNumber(before(have, "."))
	limit, literal := parseNumber(value)
	switch {
	case operator == '*':
		number = 0
		for i := range r.facts {
			if r.facts[i].Name == name {
				number++
			}
		}
		return number >= limit
	case operator == '%':
		return ok && number&limit != 0
	case !literal && operator != '#':
		limit = r.d.number(r.p, value)
	}
	return ok && (operator == '#' || operator == '>' && number > limit || operator == '<' && number < limit)
}

// expand puts values in the place of their names in braces.
func (r *ruling) expand(text string) (out string) {
	for {
		head, rest, found := strings.Cut(text, "{")
		if out += head; !found {
			return out
		}
		var name, value string
		name, text, _ = strings.Cut(rest, "}")
		if parameter, is := strings.CutPrefix(name, "$"); is {
			value = r.d.get(r.p, parameter)
		}
		for i := range r.facts {
			if f := &r.facts[i]; f.Name == name {
				value = join(value, f.Value)
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
