package check

// Verdict is what a judge made of facts.
type Verdict struct {
	Check  ID
	Status Status
	// Severity is critical, high, medium or low, and empty unless Status is Fail.
	Severity string
	// Actual is the value that was read, Expected what the policy wants.
	Actual, Expected string
	// Reason is one sentence.
	Reason string
	// Facts are what the judge saw.
	Facts Facts
}

// Parameters looks up a check's parameter in the policy.
type Parameters func(name string) (string, bool)
