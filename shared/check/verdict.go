package check

// Severities of a failed check, worst first. A verdict that is not a failure
// has none.
const (
	Critical = "critical"
	High     = "high"
	Medium   = "medium"
	Low      = "low"
)

// Verdict is what a judge made of facts.
type Verdict struct {
	Check    ID
	Status   Status
	Severity string // empty unless Status is Fail
	Actual   string // value that was read; empty when nothing could be
	Expected string // value that the parameters ask for
	Reason   string // one sentence
	Facts    Facts  // all that the judge saw
}

// The three ways in which judges end.

func (v *Verdict) pass(reason string) { v.Status, v.Reason = Pass, reason }

func (v *Verdict) fail(severity, reason string) {
	v.Status, v.Severity, v.Reason = Fail, severity, reason
}

func (v *Verdict) unknown(reason string) { v.Status, v.Reason = Unknown, reason }
