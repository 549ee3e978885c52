package check

import (
	"crypto/sha256"
	"slices"
	"strings"
)

// Digest stands for a host's current verdicts, so that agent and appliance can
// tell whether they hold the same (D5): SHA-256 over "id NUL status NUL actual
// LF" of each verdict, sorted by id.
func Digest(verdicts []Verdict) [32]byte {
	sorted := slices.Clone(verdicts)
	slices.SortStableFunc(sorted, func(a, b Verdict) int { return strings.Compare(string(a.Check), string(b.Check)) })
	var text []byte
	for _, v := range sorted {
		text = append(text, v.Check...)
		text = append(text, 0)
		text = append(text, v.Status.String()...)
		text = append(text, 0)
		text = append(text, v.Actual...)
		text = append(text, '\n')
	}
	return sha256.Sum256(text)
}
