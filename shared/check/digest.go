package check

import (
	"crypto/sha256"
	"strings"
)

// Digest stands for a host's current verdicts, so that agent and appliance can
// tell whether they hold the same (D5): SHA-256 over "id NUL status NUL actual
// LF" of each verdict, sorted by id.
func Digest(verdicts []Verdict) [32]byte {
	var lines []string
	for i := range verdicts {
		v := &verdicts[i]
		lines = append(lines, string(v.Check)+"\x00"+v.Status.String()+"\x00"+v.Actual+"\n")
	}
	for i := range lines { // by id: no id contains a NUL; slices.Sort costs the agent 15 KB
		for j := i; j > 0 && lines[j] < lines[j-1]; j-- {
			lines[j], lines[j-1] = lines[j-1], lines[j]
		}
	}
	return sha256.Sum256([]byte(strings.Join(lines, "")))
}
