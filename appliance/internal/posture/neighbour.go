package posture

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
)

// Neighbour is what the kernel holds of an address beside the appliance.
type Neighbour struct {
	MAC string // lower case with colons
	// Here tells that it answered lately; Unsure that the kernel is asking it.
	Here, Unsure bool
}

// System is the appliance's own network, as Linux tells it.
type System struct{}

// States of neighbours (linux/neighbour.h). A stale one may have left days ago:
// Linux asks again 5 s after something was sent to it, three times, a second each.
const (
	nudIncomplete = 0x01
	nudReachable  = 0x02
	nudStale      = 0x04
	nudDelay      = 0x08
	nudProbe      = 0x10
	nudPermanent  = 0x80
)

// parseNeighbour reads what comes after the header of RTM_NEWNEIGH: struct ndmsg and
// attributes. ok is false for what is no neighbour with a MAC.
func parseNeighbour(m []byte) (a netip.Addr, n Neighbour, ok bool) {
	const header, destination, link = 12, 1, 2
	if len(m) < header {
		return a, n, false
	}
	state := binary.NativeEndian.Uint16(m[8:])
	n.Here = state&(nudReachable|nudPermanent) != 0
	n.Unsure = state&(nudIncomplete|nudStale|nudDelay|nudProbe) != 0
	for m = m[header:]; len(m) >= 4; {
		size, kind := int(binary.NativeEndian.Uint16(m)), binary.NativeEndian.Uint16(m[2:])
		if size < 4 || size > len(m) {
			return a, n, false
		}
		value := m[4:size]
		switch {
		case kind == destination && len(value) == 4:
			a = netip.AddrFrom4([4]byte(value))
		case kind == link && len(value) == 6:
			n.MAC = net.HardwareAddr(value).String()
		}
		m = m[min(len(m), (size+3)&^3):]
	}
	if n.MAC == "00:00:00:00:00:00" {
		n.MAC = ""
	}
	return a, n, a.IsValid() && (n.MAC != "" || n.Unsure) && (n.Here || n.Unsure)
}

// ParseMAC gives a MAC as everything here spells it.
func ParseMAC(text string) (string, error) {
	mac, err := net.ParseMAC(text)
	if err != nil {
		return "", err
	}
	if len(mac) != 6 {
		return "", fmt.Errorf("MAC %s has %d bytes", text, len(mac))
	}
	return mac.String(), nil
}

// random tells whether a MAC is one that its owner made up: the bit of locally
// administered addresses is set (IEEE 802, 8.4).
func random(mac string) bool {
	hw, err := net.ParseMAC(mac)
	return err == nil && hw[0]&2 != 0
}

// Links implements Network.
func (System) Links() (out []netip.Prefix, err error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("reading the appliance's networks: %w", err)
	}
	for _, i := range all {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 || len(i.HardwareAddr) == 0 {
			continue
		}
		addresses, err := i.Addrs()
		if err != nil {
			return nil, fmt.Errorf("reading addresses of %s: %w", i.Name, err)
		}
		for _, a := range addresses {
			if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() {
				out = append(out, p)
			}
		}
	}
	return out, nil
}
