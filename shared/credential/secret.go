package credential

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a text that is not printed by accident: every verb of fmt, slog and
// encoding/json gives "(secret)". Reveal is the one way to the text, so that a
// search finds each use.
type Secret struct{ value string }

// hidden stands for every secret, an empty one too.
const hidden = "(secret)"

// NewSecret wraps a text.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal is the text.
func (s Secret) Reveal() string { return s.value }

// Empty reports whether there is no text.
func (s Secret) Empty() bool { return s.value == "" }

// String implements fmt.Stringer.
func (Secret) String() string { return hidden }

// GoString implements fmt.GoStringer.
func (Secret) GoString() string { return hidden }

// Format implements fmt.Formatter, for verbs that ask no Stringer.
func (Secret) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, hidden) // fmt's buffer takes everything
}

// MarshalText implements encoding.TextMarshaler, for JSON, XML and YAML.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalJSON implements json.Marshaler.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }
