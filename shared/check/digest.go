package check

import "crypto/sha256"

// Digest stands for a host's current verdicts, so that agent and appliance can
// tell whether they hold the same (D5): SHA-256 over "id NUL status NUL actual
// LF" of each verdict, sorted by id.
func Digest(verdicts []Verdict) [32]byte {
	all := ""
	for last := ID(""); ; { // by id, of which each is there once; slices.Sort costs the agent 15 KB
		next := &Verdict{}
		for i := range verdicts {
			if v := &verdicts[i]; v.Check > last && (next.Check == "" || v.Check < next.Check) {
				next = v
			}
		}
		if last = next.Check; last == "" {
			return sha256.Sum256([]byte(all))
		}
		all += string(last) + "\x00" + next.Status.String() + "\x00" + next.Actual + "\n"
	}
}
