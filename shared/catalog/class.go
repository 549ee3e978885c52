package catalog

// Class says how a fact is treated before it is stored (DESIGN D33).
type Class uint8

// Classes. The zero value is the careful one.
const (
	// FreeText may hold anything a person typed: scrubbed at intake.
	FreeText Class = iota
	// Identifier names a device, account or file: kept, never scrubbed.
	Identifier
	// Safe holds numbers and fixed words: kept as it is.
	Safe
)

// String is the word used in evidence.
func (c Class) String() string {
	switch c {
	case Identifier:
		return "identifier"
	case Safe:
		return "safe"
	default:
		return "free_text"
	}
}
