package check

import "strconv"

// Parameters gives the policy's value of a check's parameter. It may be nil:
// every parameter has a default.
type Parameters func(name string) (value string, ok bool)

// Parameter is one threshold with its compiled default.
type Parameter struct{ Name, Default string }

// get is the policy's value or the default of this check's table entry.
func (d *definition) get(p Parameters, name string) string {
	if p != nil {
		if v, ok := p(name); ok {
			return v
		}
	}
	for _, param := range d.parameters {
		if param.Name == name {
			return param.Default
		}
	}
	return ""
}

// number is get as a number from 0; a value that is none falls back to the
// default, so that a mistyped policy never switches a check off.
func (d *definition) number(p Parameters, name string) uint64 {
	if n, err := strconv.ParseUint(d.get(p, name), 10, 63); err == nil {
		return n
	}
	n, err := strconv.ParseUint(d.get(nil, name), 10, 63)
	if err != nil {
		return 0
	}
	return n
}
