package check

// Fact names that every reader may use instead of a value.
const (
	FactError         = "error"          // what could not be read, and why
	FactNotApplicable = "not_applicable" // why the host has no such part
)

// Fact is one raw value as a reader found it.
type Fact struct{ Name, Value string }

// Facts are what one reader found, in its own order. A name may repeat where a
// check says so (volumes).
type Facts []Fact

// Get is the first value with this name.
func (f Facts) Get(name string) (value string, ok bool) {
	for _, fact := range f {
		if fact.Name == name {
			return fact.Value, true
		}
	}
	return "", false
}

// Add appends a fact.
func (f *Facts) Add(name, value string) { *f = append(*f, Fact{name, value}) }
