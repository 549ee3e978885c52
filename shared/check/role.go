package check

import "strconv"

// What a host's domain role means for it, as bits.
const (
	roleKnown       = 1
	roleDomain      = 2 // a member or a domain controller
	roleController  = 4
	roleWorkstation = 8
)

// roleOf reads the host's role; 0 is not known.
func roleOf(f Facts) int {
	const bits = "\x09\x0b\x01\x03\x07\x07" // of the roles 0 to 5
	if r := f.text(FactDomainRole); len(r) == 1 && r[0]-'0' < byte(len(bits)) {
		return int(bits[r[0]-'0'])
	}
	return 0
}

// named is the row whose Name it is; nil if there is none.
func (f Facts) named(fact, name string) Facts {
	var r Facts
	for i := 0; f.next(fact, &i, &r); {
		if r.text("Name") == name {
			return r
		}
	}
	return nil
}

// count is a fact that is a number from 0.
func (f Facts) count(name string) (uint64, bool) {
	return parseNumber(f.text(name))
}

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }

// or is the first text unless it is empty.
func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
