package probe

import (
	"bufio"
	"io"
	"strings"
)

// parseUFW reads /etc/ufw/ufw.conf: shell assignments, the last one counts.
// state is enabled, disabled, or empty when the file does not say.
func parseUFW(r io.Reader) (state string, err error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		key, value, ok := strings.Cut(strings.TrimSpace(lines.Text()), "=")
		if !ok || key != "ENABLED" {
			continue
		}
		switch strings.ToLower(strings.Trim(value, `"' `)) {
		case "yes":
			state = "enabled"
		case "no":
			state = "disabled"
		}
	}
	return state, lines.Err()
}
