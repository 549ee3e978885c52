package probe

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// parseSSHD finds permitrootlogin in the output of sshd -T: lower-case keyword,
// space, value, one a line.
func parseSSHD(r io.Reader) (string, error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), "permitrootlogin "); ok {
			return strings.TrimSpace(value), nil
		}
	}
	return "", errors.Join(lines.Err(), errors.New("sshd -T did not name permitrootlogin"))
}
