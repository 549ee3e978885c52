package directory

import (
	"strings"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/discover"
)

// Result is what the directory says of a machine that wants to be one of the
// domain's computers (DESIGN D12). None means that no domain is read.
type Result string

// The results, as central.v1.HostStatus has them.
const (
	None     Result = ""
	Matched  Result = "matched"  // by its objectGUID, and its names agree
	Named    Result = "named"    // it gives no objectGUID; exactly one computer has its name
	Conflict Result = "conflict" // its objectGUID is another computer's, or another agent's
	NoMatch  Result = "no_match" // no computer that is enabled and in scope
	Unknown  Result = "unknown"  // there is no whole and recent listing
)

// Confirms reports whether a person may approve without a word about it.
func (r Result) Confirms() bool { return r == None || r == Matched || r == Named }

// Claim is what a machine says about itself. Anybody in the domain can read an
// objectGUID, so that a match proves nothing alone: a person approves.
type Claim struct {
	Hostname, Domain       string
	ObjectGUID, MachineSID string
}

// Match compares a claim with every domain's newest listing.
func (b *Book) Match(claim Claim, now time.Time) Result {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if len(b.domains) == 0 {
		return None
	}
	if result := b.look(claim); result != NoMatch {
		return result
	}
	for _, d := range b.domains {
		if !d.whole(now) {
			return Unknown
		}
	}
	return NoMatch
}

func (b *Book) look(claim Claim) Result {
	if guid := guidOf(claim.ObjectGUID); guid != "" {
		return b.byGUID(guid, claim)
	}
	return b.byName(claim)
}

func (b *Book) byGUID(guid discover.GUID, claim Claim) Result {
	result, home := NoMatch, ""
	for _, d := range b.domains {
		c, ok := d.computers[guid]
		switch {
		case !ok || c.Gone != "":
			continue
		case result != NoMatch && d.Domain != home:
			return Conflict // a domain lists another's
		case c.called(claim.Hostname) && inDomain(claim.Domain, d.Domain) && sidAgrees(&c, claim.MachineSID):
			result = Matched
		default:
			return Conflict
		}
		home = d.Domain
	}
	return result
}

// byName finds the one computer of that name. Two targets may read one domain.
func (b *Book) byName(claim Claim) Result {
	found := map[discover.GUID]bool{}
	for _, d := range b.domains {
		if !inDomain(claim.Domain, d.Domain) {
			continue
		}
		for guid, c := range d.computers {
			if c.Gone == "" && c.called(claim.Hostname) {
				found[guid] = true
			}
		}
	}
	switch len(found) {
	case 0:
		return NoMatch
	case 1:
		return Named
	}
	return Conflict
}

// inDomain reports whether what a machine says of its domain, which may be
// nothing, or the short name that predates DNS, can be this one.
func inDomain(said, domain string) bool {
	said = fold(said)
	if !strings.Contains(said, ".") {
		return said == "" || strings.HasPrefix(domain, said+".")
	}
	return said == domain
}

// sidAgrees compares a machine's SID where both sides speak of the same thing: a
// controller's is the domain's, every other computer's is only its own.
func sidAgrees(c *Computer, machine string) bool {
	account := string(c.SID)
	cut := strings.LastIndexByte(account, '-')
	if machine == "" || cut < 0 {
		return true
	}
	if c.Kind == discover.DC {
		return machine == account[:cut] || machine == account
	}
	return !strings.HasPrefix(machine, account[:cut+1]) || machine == account
}

// guidOf reads an objectGUID as agents give it: Windows' digits, with or without
// dashes and braces. It is empty for what is none.
func guidOf(text string) discover.GUID {
	digits := strings.NewReplacer("-", "", "{", "", "}", "").Replace(strings.ToLower(text))
	if len(digits) != 32 || strings.Trim(digits, "0123456789abcdef") != "" {
		return ""
	}
	return discover.GUID(digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:])
}
