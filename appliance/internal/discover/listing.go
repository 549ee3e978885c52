package discover

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

const (
	// maxEntries and maxTexts are far beyond any practice: an honest computer has
	// 250 bytes of texts. Four domains may be read at a time.
	maxEntries = 200_000
	maxTexts   = 64 << 20
	// maxReferrals is how many are named; more are only counted.
	maxReferrals = 100
)

// Listing is what one List found.
type Listing struct {
	// Server is the controller that said so, Time its clock.
	Server string
	Time   time.Time
	// Full means that who is not listed is disabled, deleted or out of scope.
	// Otherwise only who changed is listed.
	Full      bool
	Computers []Computer
	// Gone are those that were seen and are not to be listed (any more).
	Gone []Gone
	// Others are enabled computers that are no Windows we look after, Left out
	// those that the configuration excludes, Skipped those that could not be read.
	Others, LeftOut, Skipped int
	// Referrals name other parts of the forest. They are not followed: each
	// domain is configured by itself.
	Referrals     []string
	ReferralCount int
}

// Gone is a computer that is not to be looked after (any more).
type Gone struct {
	GUID    GUID
	Name    string
	DNSName string
	Reason  Reason
}

// Reason is why a computer is not listed.
type Reason string

// The reasons.
const (
	Disabled   Reason = "disabled"
	OutOfScope Reason = "out_of_scope"
	OtherOS    Reason = "other_os"
)

// collector builds a listing entry by entry.
type collector struct {
	l     Listing
	d     *Directory
	left  map[string]bool
	found map[GUID]Computer
	gone  map[GUID]Gone
	total int
	texts int
}

func newCollector(l Listing, d *Directory, left map[string]bool) *collector {
	return &collector{l: l, d: d, left: left, found: make(map[GUID]Computer), gone: make(map[GUID]Gone)}
}

// take is given each page.
func (c *collector) take(entries []*ldap.Entry, referrals []string) error {
	c.total += len(entries)
	if c.total > maxEntries {
		return fmt.Errorf("%w: more than %d computers", ErrLimit, maxEntries)
	}
	c.l.ReferralCount += len(referrals)
	for _, r := range referrals {
		if len(c.l.Referrals) < maxReferrals && len(r) <= maxText {
			c.l.Referrals = append(c.l.Referrals, r)
		}
	}
	for _, e := range entries {
		c.add(e)
	}
	if c.texts > maxTexts {
		return fmt.Errorf("%w: more than %d bytes of computers", ErrLimit, maxTexts)
	}
	return nil
}

// add sorts one entry; one that is moved while we read comes twice.
func (c *collector) add(e *ldap.Entry) {
	computer, err := parseComputer(e)
	if err != nil {
		c.l.Skipped++
		return
	}
	c.texts += computer.size()
	delete(c.found, computer.GUID)
	delete(c.gone, computer.GUID)
	leave := func(r Reason) { c.gone[computer.GUID] = Gone{computer.GUID, computer.Name, computer.DNSName, r} }
	switch {
	case !computer.Enabled:
		leave(Disabled)
	case !c.d.scope.holds(computer.DN) || c.left[foldDN(computer.DN)]:
		leave(OutOfScope)
	case computer.Kind == "":
		leave(OtherOS)
	default:
		computer.Stale = computer.stale(c.l.Time, c.d.cfg.StaleAfter)
		c.found[computer.GUID] = computer
	}
}

func (c *collector) listing() Listing {
	l := c.l
	for _, computer := range c.found {
		l.Computers = append(l.Computers, computer)
	}
	slices.SortFunc(l.Computers, func(a, b Computer) int { return strings.Compare(string(a.GUID), string(b.GUID)) })
	for _, g := range c.gone {
		switch g.Reason {
		case OtherOS:
			l.Others++
		case OutOfScope:
			l.LeftOut++
		default:
		}
		l.Gone = append(l.Gone, g)
	}
	slices.SortFunc(l.Gone, func(a, b Gone) int { return strings.Compare(string(a.GUID), string(b.GUID)) })
	return l
}

// Find is the computer with that identity; names do not count (D16).
func (l Listing) Find(id GUID) (Computer, bool) {
	i, ok := slices.BinarySearchFunc(l.Computers, id, func(c Computer, id GUID) int { return strings.Compare(string(c.GUID), string(id)) })
	if !ok {
		return Computer{}, false
	}
	return l.Computers[i], true
}
