package script

import (
	"net/netip"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/shared/drift"
)

// Record is what the host registry knows a target by.
func (t Target) Record() host.Target {
	name := t.Name
	if name == "" {
		name = t.Host
		// Two behind one address would look the same, and orders know it by its label.
		if _, err := netip.ParseAddr(name); err == nil && t.Label != "" {
			name = t.Label
		}
	}
	r := host.Target{ID: t.ID, Hostname: name, Domain: t.Domain, OS: t.Kind.Platform(), ObjectGUID: t.ObjectGUID, DeviceType: "server"}
	if t.Kind == Workstation {
		r.DeviceType = "workstation"
	}
	return r
}

// Source is how events name the road.
func (t Target) Source() drift.Source {
	if t.Kind == Linux {
		return drift.SourceSSH
	}
	return drift.SourceWinRM
}
