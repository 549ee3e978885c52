package check

// Status is a verdict's outcome. The numbers are those of compliance.v1.Status,
// so that zero, which nobody sets, is no outcome.
type Status uint8

// Outcomes (DESIGN D17).
const (
	Pass          Status = 1
	Fail          Status = 2
	Unknown       Status = 3
	NotApplicable Status = 4
)

var statusNames = [...]string{Pass: "pass", Fail: "fail", Unknown: "unknown", NotApplicable: "not_applicable"}

// String is the word used in evidence and logs; empty for a number that is no
// outcome.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return ""
}

// ParseStatus is the inverse of String.
func ParseStatus(word string) (Status, bool) {
	for s, name := range statusNames {
		if name == word && word != "" {
			return Status(s), true
		}
	}
	return 0, false
}
