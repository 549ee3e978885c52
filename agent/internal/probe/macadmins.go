package probe

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// adminLimit bounds the administrators that are named.
const adminLimit = 64

// parseAdmins reads what dscl prints of GroupMembership: the names in one line,
// or, when one of them has a blank, each in a line that begins with one. Root and
// the system's own accounts, which begin with "_", are nobody's.
func parseAdmins(r io.Reader, _ string, _ time.Time, facts *check.Facts) error {
	lines := bufio.NewScanner(r)
	inside := false
	for lines.Scan() {
		line := lines.Text()
		names, begins := strings.CutPrefix(line, "GroupMembership:")
		inside = begins || (inside && strings.HasPrefix(line, " "))
		if !inside {
			continue
		}
		if begins {
			for _, name := range strings.Fields(names) {
				addAdmin(facts, name)
			}
			continue
		}
		addAdmin(facts, strings.TrimSpace(line))
	}
	if *facts == nil {
		return errors.Join(lines.Err(), errors.New("nobody is named as administrator"))
	}
	return lines.Err()
}

func addAdmin(facts *check.Facts, name string) {
	if name == "" || name == "root" || name[0] == '_' || len(*facts) == adminLimit {
		return
	}
	addOnce(facts, check.FactAdmin, short(name))
}
