package host

import (
	"strings"
	"time"
)

// sensorLives is how long after its last sign a sensor is taken to be alive (D16).
const sensorLives = 120 * time.Second

// Watched gives who looks after a host now: agent, sensor or "". The agent is the
// host's own, or one that states exactly the target's name, short or with its
// domain, when no other does; a sensor likewise. An agent that is held watches
// nothing: whoever has a roll-out token could state the name of a server.
func (r *Registry) Watched(nowMs int64) func(h Host) string {
	named := map[string]int{} // by source and name: how many
	for _, h := range r.List() {
		live := r.Live(&h) || h.Source == SourceSensor && h.heardOf(nowMs)
		if !live || h.Hostname == "" {
			continue
		}
		for _, name := range h.names() {
			named[h.Source+"/"+name]++
		}
	}
	return func(h Host) string {
		if r.Live(&h) {
			return SourceAgent
		}
		for _, source := range []string{SourceAgent, SourceSensor} {
			if named[source+"/"+strings.ToLower(h.Hostname)] == 1 {
				return source
			}
		}
		return ""
	}
}

// Live tells whether an agent that is taken at its word has a session.
func (r *Registry) Live(h *Host) bool {
	return h.Source == SourceAgent && h.Connected && r.trusts(h)
}

// heardOf tells whether a sensor's last sign is a short time off now, to either
// side: after our clock was set back it would be in the future for as long.
func (h *Host) heardOf(nowMs int64) bool {
	return max(nowMs-h.LastSeenMs, h.LastSeenMs-nowMs) < sensorLives.Milliseconds()
}

// names are those by which others may mean the host.
func (h *Host) names() []string {
	short := strings.ToLower(h.Hostname)
	if h.Domain == "" {
		return []string{short}
	}
	return []string{short, short + "." + strings.ToLower(h.Domain)}
}
