// Package host is the registry of the site's hosts (DESIGN D16). A host id is
// opaque and made here. An agent's host is found by the agent id that its
// certificate carries, a legacy sensor's by the exact name and domain it states,
// a target's by its target's id; names never merge two hosts, and two agents never share one. What a host says
// about itself is shown and stored, not matched on.
//
// Rows are in state.db; liveness is kept in memory and written down once a
// minute. Times are Unix milliseconds of the appliance's clock. ErrFull means
// that no more asserted hosts are taken.
package host

import (
	"errors"

	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/plain"
)

// ErrFull is returned for one asserted host too many.
var ErrFull = errors.New("too many hosts known by sensors only")

// maxAsserted bounds hosts that anybody on the network can invent.
const maxAsserted = 1000

// Sources of a host record.
const (
	SourceAgent  = "agent"
	SourceSensor = "sensor"
)

// Host is one record.
type Host struct {
	ID           string
	Source       string
	AgentID      string // empty for sensors and targets
	Hostname     string
	Domain       string
	OS           string
	OSVersion    string
	Arch         string
	AgentVersion string
	MachineGUID  string
	SMBIOSUUID   string
	MachineSID   string
	ADObjectGUID string
	FirstSeenMs  int64
	LastSeenMs   int64
	Dropped      uint64 // records lost before they reached us
	Connected    bool   // a session is open; never stored
	DiskFull     bool   // its agent can keep nothing, as it last said; never stored
	DeviceType   string // workstation or server, as its target says; never stored
}

// Asserted reports whether anybody could have claimed to be this host.
func (h *Host) Asserted() bool { return h.Source == SourceSensor }

// maxText is how much of a fact about itself a machine may say.
const maxText = 256

// describe copies what a machine says about itself.
func (h *Host) describe(f *compliancev1.HostFacts) {
	if f == nil {
		return
	}
	h.Hostname, h.Domain, h.OS = clean(f.GetHostname()), clean(f.GetDomain()), clean(f.GetOs())
	h.OSVersion, h.Arch, h.AgentVersion = clean(f.GetOsVersion()), clean(f.GetArch()), clean(f.GetAgentVersion())
	keep(&h.MachineGUID, f.GetMachineGuid())
	keep(&h.SMBIOSUUID, f.GetSmbiosUuid())
	keep(&h.MachineSID, f.GetMachineSid())
	keep(&h.ADObjectGUID, f.GetAdObjectGuid())
}

// keep takes what is said. Nothing means that the machine could not read it now, as an
// objectGUID while no domain controller answers, and not that it has none.
func keep(known *string, said string) {
	if said = clean(said); said != "" {
		*known = said
	}
}

// clean keeps printable text only, so that it can stand in a log line and in the
// list by which a person approves agents.
func clean(s string) string {
	out := make([]rune, 0, min(len(s), maxText))
	for _, r := range s {
		if len(out) == maxText {
			break
		}
		if plain.Shown(r) && r != '\uFFFD' {
			out = append(out, r)
		}
	}
	return string(out)
}
