package directory

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/discover"
	"github.com/osiriscare/osiris/shared/bundle"
)

// phaseListing names the evidence of a listing.
const phaseListing = "DirectoryListing"

// maxNamed is how many computers one bundle names.
const maxNamed = 50

// problemAgain is how often a problem that stays is proved (D33).
const problemAgain = 24 * time.Hour

// proof is the evidence of a listing: how it was read, how many computers there
// are, who came and who went.
func proof(s *Standing, l *discover.Listing, c *change, total counts, now time.Time) *bundle.Bundle {
	pass := "changes"
	if l.Full {
		pass = "full"
	}
	state := map[string]string{
		"domain": s.Domain, "controller": l.Server, "pass": pass, "copy": string(s.Mark.Invocation), "number": strconv.FormatInt(s.Mark.USN, 10),
		"truncated": strconv.FormatBool(s.Truncated), "referrals": strconv.Itoa(s.Referrals),
		"others": strconv.Itoa(s.Others), "left_out": strconv.Itoa(s.LeftOut), "skipped": strconv.Itoa(s.Skipped),
		"new": strconv.Itoa(len(c.fresh)), "went": strconv.Itoa(len(c.gone)),
	}
	for name, n := range total.words() {
		state[name] = strconv.Itoa(n)
	}
	if len(c.fresh) > 0 {
		state["new_computers"] = named(c.fresh)
	}
	if len(c.gone) > 0 {
		state["gone_computers"] = named(c.gone)
	}
	b := draft(s, now, state)
	b.Outcome = bundle.OutcomeNone
	b.Summary = fmt.Sprintf("The domain %s has %d computers that are looked after, %d of them stale; %d are new, %d went.",
		s.Domain, total.computers, total.stale, len(c.fresh), len(c.gone))
	return b
}

// failure is the evidence that a domain could not be read.
func failure(s *Standing, now time.Time) *bundle.Bundle {
	b := draft(s, now, map[string]string{"domain": s.Domain, "problem": s.Kind, "since": bundle.At(s.ProblemSince).String(), "held": strconv.FormatBool(s.Held != "")})
	b.Outcome = bundle.OutcomeFailed
	b.Summary = fmt.Sprintf("The computers of the domain %s cannot be listed: %s.", s.Domain, s.Kind)
	return b
}

func draft(s *Standing, now time.Time, state map[string]string) *bundle.Bundle {
	return &bundle.Bundle{
		BundleID: bundle.IDOf(phaseListing + "/" + s.Target + "/" + strconv.FormatInt(now.UnixNano(), 10)), Kind: bundle.KindObservation,
		Source: "appliance", Phase: phaseListing, PostState: state, DeploymentMode: "direct",
		ReceivedTime: bundle.At(now), MadeTime: bundle.At(now),
	}
}

// named lists computers, not more than a person reads.
func named(all []Computer) string {
	var names []string
	for i := range all[:min(len(all), maxNamed)] {
		names = append(names, all[i].Name+" "+string(all[i].GUID))
	}
	if more := len(all) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

// counts are a domain's.
type counts struct{ computers, workstations, servers, dcs, stale, gone int }

func (n *counts) add(c *Computer) {
	if c.Gone != "" {
		n.gone++
		return
	}
	n.computers++
	switch c.Kind {
	case discover.Workstation:
		n.workstations++
	case discover.Server:
		n.servers++
	case discover.DC:
		n.dcs++
	}
	if c.Stale {
		n.stale++
	}
}

func (n counts) words() map[string]int {
	return map[string]int{
		"computers": n.computers, "workstations": n.workstations, "servers": n.servers, "dcs": n.dcs, "stale": n.stale, "gone": n.gone,
	}
}

// count is what a domain has once a change is made.
func (b *Book) count(target string, c *change) (n counts) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	changed := make(map[discover.GUID]bool, len(c.put)+len(c.remove))
	for i := range c.put {
		changed[c.put[i].GUID] = true
		n.add(&c.put[i])
	}
	for _, guid := range c.remove {
		changed[guid] = true
	}
	if d := b.domains[target]; d != nil {
		for guid, have := range d.computers {
			if !changed[guid] {
				n.add(&have)
			}
		}
	}
	return n
}

// Counts are how many computers there are of each sort, in all domains.
func (b *Book) Counts() map[string]int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var n counts
	fresh := 0
	for _, d := range b.domains {
		fresh += d.New
	}
	for c := range b.each() {
		n.add(c)
	}
	out := n.words()
	out["new"] = fresh
	return out
}
