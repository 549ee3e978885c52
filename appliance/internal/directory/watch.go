package directory

import (
	"strings"

	"github.com/osiriscare/osiris/appliance/internal/discover"
)

// Agent is what is known of an agent that may be on one of the computers. One
// that is held, and may be anybody's, is none.
type Agent struct {
	Hostname, Domain, ObjectGUID string
	Live                         bool // it has a session
}

// Presence is whether a computer has an agent.
type Presence int

// The presences.
const (
	Absent Presence = iota
	Enrolled
	Live
)

// Presence tells which computers have an agent: by objectGUID, or of agents that
// give none by a name that no other agent and no other computer has. The name
// serves to leave a computer alone, never to make two hosts one (D16).
func (b *Book) Presence(agents []Agent) func(c *Computer) Presence {
	guids, names := map[string]Presence{}, map[string][]Presence{}
	for i := range agents {
		a := &agents[i]
		here := Enrolled
		if a.Live {
			here = Live
		}
		if guid := guidOf(a.ObjectGUID); guid != "" {
			guids[string(guid)] = max(guids[string(guid)], here)
			continue
		}
		name := fold(a.Hostname)
		if domain := fold(a.Domain); strings.Contains(domain, ".") && !strings.Contains(name, ".") {
			name += "." + domain
		}
		names[name] = append(names[name], here)
	}
	shorts, seen := map[string]int{}, map[discover.GUID]bool{}
	b.mu.RLock()
	for c := range b.each() {
		// Two targets may read one domain.
		if c.Gone == "" && !seen[c.GUID] {
			seen[c.GUID] = true
			shorts[c.Short()]++
		}
	}
	b.mu.RUnlock()
	return func(c *Computer) Presence {
		if here := guids[string(c.GUID)]; here != Absent {
			return here
		}
		if here := names[c.DNSName]; len(here) == 1 {
			return here[0]
		}
		if here := names[c.Short()]; len(here) == 1 && shorts[c.Short()] == 1 {
			return here[0]
		}
		return Absent
	}
}
