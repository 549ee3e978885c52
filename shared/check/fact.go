package check

// Fact is one named raw value, as text.
type Fact struct{ Name, Value string }

// Facts are what a reader found. A fact that could not be read is replaced by
// one named "error" whose value is the reason.
type Facts []Fact

// Get returns the first fact of that name.
func (f Facts) Get(name string) (string, bool) {
	for _, fact := range f {
		if fact.Name == name {
			return fact.Value, true
		}
	}
	return "", false
}
