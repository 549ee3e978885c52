package check

import "strings"

// end gives a judge's result in one call, which is a third of the code that
// setting each field takes. Its text is "<letter>|<actual>|<reason>", each "%"
// of which stands for arg; the letter is P pass, U unknown, N not applicable, or
// the severity of a failure: C, H, M, L.
func (v *Verdict) end(text, arg string) {
	actual, reason, _ := strings.Cut(text[2:], "|")
	v.Actual = strings.ReplaceAll(actual, "%", arg)
	v.Reason = strings.ReplaceAll(reason, "%", arg)
	v.Status = Fail
	switch text[0] {
	case 'P':
		v.Status = Pass
	case 'U':
		v.Status = Unknown
	case 'N':
		v.Status = NotApplicable
	case 'C':
		v.Severity = Critical
	case 'H':
		v.Severity = High
	case 'L':
		v.Severity = Low
	default:
		v.Severity = Medium
	}
}
