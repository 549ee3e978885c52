package host

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Takeover is a host that an agent watches now and that roads reached before, or the
// other way round.
type Takeover struct {
	// Agent is the agent's host.
	Agent Host
	// Records are the ids of the host's records, the agent's own first.
	Records []string
}

// Held sets who says that an agent waits for approval or is in quarantine: it may
// report, but it keeps nobody from looking at the host it says it is. It comes before
// anything else asks; held must not ask the registry.
func (r *Registry) Held(held func(agentID string) bool) { r.held = held }

// trusts tells whether the host's agent is taken at its word about which host it is.
func (r *Registry) trusts(h *Host) bool { return r.held == nil || !r.held(h.AgentID) }

// Confirmed sets who says whether the site's domain knows the computer that an agent
// says it is: anybody in a domain can read an objectGUID and state it. It comes before
// anything else asks; confirmed must not ask the registry.
func (r *Registry) Confirmed(confirmed func(h *Host) bool) { r.confirmed = confirmed }

// claims is the objectGUID that an agent is believed, in lower case, or "".
func (r *Registry) claims(h *Host) string {
	if h.ADObjectGUID == "" || !r.trusts(h) || r.confirmed != nil && !r.confirmed(h) {
		return ""
	}
	return strings.ToLower(h.ADObjectGUID)
}

// TakenOver gives the hosts of connected agents that are a target's too, listed
// still or not: by an alias, or because Active Directory gives both the same object
// GUID, as the site's domain confirms, and to no other agent. A name makes nobody the same (D16).
func (r *Registry) TakenOver() []Takeover { return r.joined(r.Live) }

// leftAfter is for how long an agent is silent until a road that still reaches its
// host knows better: a laptop may be in a drawer over a weekend.
const leftAfter = 3 * 24 * time.Hour

// Left gives the hosts of agents that were not heard of for days and that are a
// target's too, by the same signs as TakenOver.
func (r *Registry) Left(now time.Time) []Takeover {
	return r.joined(func(h *Host) bool {
		return h.Source == SourceAgent && !h.Connected && now.Sub(time.UnixMilli(h.LastSeenMs)) > leftAfter
	})
}

// joined gives the hosts of some agents that are a target's too.
func (r *Registry) joined(which func(h *Host) bool) []Takeover {
	r.mu.RLock()
	defer r.mu.RUnlock()
	byGUID := map[string]string{} // "" where several agents state it
	for _, h := range r.agents {
		guid := r.claims(h)
		if _, several := byGUID[guid]; several || guid == "" {
			byGUID[guid] = ""
			continue
		}
		byGUID[guid] = h.ID
	}
	records := map[string][]string{} // by the agent's host
	for _, id := range r.targets {
		same := r.aliases[id]
		if target := r.hosts[id]; same == "" && target != nil {
			same = byGUID[strings.ToLower(target.ADObjectGUID)]
		}
		if agent := r.hosts[same]; agent != nil && which(agent) && !slices.Contains(records[same], id) {
			records[same] = append(records[same], id)
		}
	}
	out := make([]Takeover, 0, len(records))
	for id, others := range records {
		slices.Sort(others)
		out = append(out, Takeover{Agent: *r.hosts[id], Records: append([]string{id}, others...)})
	}
	slices.SortFunc(out, func(a, b Takeover) int { return cmp.Compare(a.Agent.ID, b.Agent.ID) })
	return out
}
