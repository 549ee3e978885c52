package credential

import "regexp"

var name = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,99}$`)

// ValidName reports whether a text can name a credential or a target: it is shown
// in tables, given as an argument and compared byte for byte.
func ValidName(text string) bool { return name.MatchString(text) }
