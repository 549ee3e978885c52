package policy

import "slices"

// Stands tells whether the policy in force names a runbook for times without a
// link (D8), and that policy's version. What an expired policy forbids is the
// tier's affair.
func (p *Policy) Stands(runbook string) (version uint64, ok bool) {
	_, held := p.held()
	if held == nil || !slices.Contains(held.StandingRunbooks, runbook) {
		return 0, false
	}
	return held.Version, true
}
