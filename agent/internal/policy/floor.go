package policy

import (
	"strconv"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/trust"
)

// floorFile has the site of floor and its numbers, a line each. It is of its own so
// that a damaged document, which is set aside, does not open the way to an older
// one.
const floorFile = "floor"

// floor is below what nothing is taken.
type floor struct {
	site                      string // Central root and site id; another site begins anew
	trust, delegation, policy uint64 // versions
	issuedMs                  int64  // the newest time of issue, the clock's floor
}

func siteOf(o *trust.Opened) string { return o.Root.String() + "/" + o.Doc.SiteId }

// refuses tells whether a chain is older than what the site had before.
func (f floor) refuses(o *trust.Opened) bool {
	return f.site == siteOf(o) && (o.Doc.Version < f.trust || o.Delegation.Version < f.delegation)
}

// under is the floor with a chain above it.
func (f floor) under(o *trust.Opened) floor {
	if site := siteOf(o); f.site != site {
		f = floor{site: site}
	}
	f.trust, f.delegation = max(f.trust, o.Doc.Version), max(f.delegation, o.Delegation.Version)
	f.issuedMs = max(f.issuedMs, o.Doc.IssuedMs, o.Delegation.IssuedMs)
	return f
}

// underPolicy is the floor with a policy of its site above it.
func (f floor) underPolicy(p *trustlite.Policy) floor {
	f.policy, f.issuedMs = max(f.policy, p.Version), max(f.issuedMs, p.IssuedMs)
	return f
}

func (f floor) text() string {
	text := f.site + "\n"
	for _, n := range [...]uint64{f.trust, f.delegation, f.policy, uint64(f.issuedMs)} {
		text += strconv.FormatUint(n, 10) + "\n"
	}
	return text
}

// parseFloor reads what text wrote; anything else is no floor.
func parseFloor(text string) floor {
	var numbers [4]uint64
	lines := strings.Split(text, "\n")
	if len(lines) != len(numbers)+2 {
		return floor{}
	}
	for i := range numbers {
		n, err := strconv.ParseUint(lines[i+1], 10, 63)
		if err != nil {
			return floor{}
		}
		numbers[i] = n
	}
	return floor{lines[0], numbers[0], numbers[1], numbers[2], int64(numbers[3])}
}

// loadFloor reads the floor that the folder has; a damaged one is none.
func (p *Policy) loadFloor() error {
	content, err := p.read(floorFile)
	p.floor = parseFloor(string(content))
	return err
}

// write keeps a document and the floor that it makes. The document goes first:
// one below the floor could not be replaced by itself.
func (p *Policy) write(name string, content []byte, f floor) error {
	if err := atomicfile.Write(p.path(name), content, fileMode); err != nil {
		return err
	}
	if err := atomicfile.Write(p.path(floorFile), []byte(f.text()), fileMode); err != nil {
		return err
	}
	p.floor = f
	return nil
}
