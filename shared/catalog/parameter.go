package catalog

// Parameter is one setting of a check that a policy may change.
type Parameter struct {
	Name    string
	Default string
	// Doc is one sentence, with the unit.
	Doc string
}
