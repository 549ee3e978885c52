package directory

import (
	"cmp"
	"regexp"
	"strings"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/discover"
)

// Missing is why a computer is gone that a full listing does not see: it was
// deleted, or disabled since the listing before. The other reasons are discover's.
const Missing discover.Reason = "missing"

// Computer is an account of a computer as it was listed last.
type Computer struct {
	Target        string // id of its domain's target
	GUID          discover.GUID
	SID           discover.SID
	Name, Account string
	DNSName       string
	OS, OSVersion string
	Kind          discover.Kind
	Stale         bool
	LastLogon     time.Time // zero: never
	FirstSeen     time.Time
	Gone          discover.Reason // empty while it is there
	GoneAt        time.Time
}

func computerOf(target string, c *discover.Computer, now time.Time) Computer {
	return Computer{
		Target: target, GUID: c.GUID, SID: c.SID, Name: c.Name, Account: c.Account, DNSName: c.DNSName, OS: c.OS, OSVersion: c.OSVersion,
		Kind: c.Kind, Stale: c.Stale, LastLogon: whole(c.LastLogon), FirstSeen: whole(now),
	}
}

// whole cuts a time to what tables keep.
func whole(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}

// Short is its name without a domain.
func (c *Computer) Short() string {
	short, _, _ := strings.Cut(c.DNSName, ".")
	return strings.ToLower(cmp.Or(short, c.Account))
}

// called reports whether a machine of this name, which may have been cut to 15
// characters, could be this computer.
func (c *Computer) called(hostname string) bool {
	return hostname != "" && (strings.EqualFold(hostname, c.Short()) || strings.EqualFold(hostname, c.Account) || strings.EqualFold(hostname, c.DNSName))
}

// hostName is what roads take for a name.
var hostName = regexp.MustCompile(`^[0-9a-z][0-9a-z._-]{0,252}$`)

// reachable reports whether its name can be connected to: a computer writes it
// itself, and must not lead us out of its domain.
func (c *Computer) reachable(domain string) bool {
	return hostName.MatchString(c.DNSName) && strings.HasSuffix(c.DNSName, "."+domain)
}
