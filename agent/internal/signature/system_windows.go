package signature

import (
	"os"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/wire"
)

// system is whose marks count.
const system = wire.MarksWindows

// expand puts a folder in the place of a variable at the start. A service's
// environment has the four that a list may use.
func expand(pattern string) string {
	if pattern[0] != '%' {
		return pattern
	}
	name, rest, _ := strings.Cut(pattern[1:], "%")
	return os.Getenv(name) + rest
}
