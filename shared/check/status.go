package check

// Status is the outcome of a check. The numbers are those of
// compliance.v1.Status; zero is never a valid one.
type Status uint8

// Unknown is neither a pass nor a drift and clears nothing (DESIGN D17).
const (
	Pass          Status = 1 // the check ran and the host meets it
	Fail          Status = 2 // the check ran and the host does not meet it
	Unknown       Status = 3 // the check could not tell
	NotApplicable Status = 4 // the host has no such role, edition or part
)

var statusNames = [...]string{"", "pass", "fail", "unknown", "not_applicable"}

// String is the name that logs, bundles and interfaces use; empty for a number
// that is no outcome.
func (s Status) String() string {
	if !s.Valid() {
		return ""
	}
	return statusNames[s]
}

// Valid reports whether s is one of the four outcomes.
func (s Status) Valid() bool { return s >= Pass && s <= NotApplicable }

// ParseStatus reads what String gives; ok is false for anything else.
func ParseStatus(name string) (s Status, ok bool) {
	for i := Pass; i <= NotApplicable; i++ {
		if statusNames[i] == name {
			return i, true
		}
	}
	return 0, false
}
