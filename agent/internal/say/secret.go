package say

import (
	"fmt"
	"io"
)

const hidden = "***"

// Secret is a value that must not reach a log: every way of printing it, also as
// a field of another struct, gives *** or an address.
type Secret struct {
	value *string // behind a pointer, because fmt reads unexported fields of an outer struct
}

// NewSecret wraps a value.
func NewSecret(value string) Secret { return Secret{value: &value} }

// Reveal gives the value for use.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// String gives three asterisks.
func (s Secret) String() string { return hidden }

// Format gives three asterisks for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalText gives three asterisks.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
