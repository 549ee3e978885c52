// Package check holds check ids, facts and verdicts, and judges facts into
// verdicts (DESIGN D17, D18). It is pure and small: the agent imports it, and
// so does the appliance for what it reads over WinRM and SSH. Values are text.
// Unknown is neither a pass nor a failure.
package check
