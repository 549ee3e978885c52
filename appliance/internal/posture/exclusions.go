package posture

import (
	"net/netip"
	"slices"

	"github.com/osiriscare/osiris/appliance/internal/posture/oui"
)

// Exclusions are what is left alone.
type Exclusions struct {
	Networks []netip.Prefix
	MACs     []string // lower case with colons
	Vendors  []string // parts of names, in whatever case
}

// Address tells whether an address must not get a packet.
func (e Exclusions) Address(a netip.Addr) bool {
	return slices.ContainsFunc(e.Networks, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Device tells whether a device is to be left alone from when its MAC is known.
func (e Exclusions) Device(mac, vendor string) bool {
	if mac == "" {
		return false
	}
	return slices.Contains(e.MACs, mac) ||
		slices.ContainsFunc(e.Vendors, func(v string) bool { return oui.Matches(vendor, v) })
}
