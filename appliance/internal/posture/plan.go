package posture

import (
	"math/rand/v2"
	"net/netip"
	"slices"
)

// addresses are those of the ranges that may get a packet, each once, shuffled so
// that what stands beside each other is not asked together. A network's own address
// and its broadcast address are left out, and the appliance's own.
func (c Config) addresses(own []netip.Prefix) (out []netip.Addr) {
	seen := map[netip.Addr]bool{}
	for _, link := range own {
		seen[link.Addr()] = true
		if link.Bits() < 31 {
			seen[link.Masked().Addr()], seen[last(link)] = true, true
		}
	}
	for _, r := range c.Ranges {
		r = r.Masked()
		end := last(r)
		for a := r.Addr(); r.Contains(a); a = a.Next() {
			edge := r.Bits() < 31 && (a == r.Addr() || a == end)
			if !edge && !seen[a] && !c.Exclude.Address(a) {
				out = append(out, a)
			}
			seen[a] = true
		}
	}
	rand.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// last is the highest address of a network of IPv4.
func last(p netip.Prefix) netip.Addr {
	a := p.Masked().Addr().As4()
	for bit := p.Bits(); bit < 32; bit++ {
		a[bit/8] |= 0x80 >> (bit % 8)
	}
	return netip.AddrFrom4(a)
}

// contact are the ports that are tried first: those at which most devices answer
// or refuse.
func (c Config) contact() []uint16 {
	var out []uint16
	for _, port := range []uint16{445, 443, 80, 22} {
		if slices.Contains(c.Ports, port) {
			out = append(out, port)
		}
	}
	for _, port := range c.Ports {
		if !slices.Contains(out, port) {
			out = append(out, port)
		}
	}
	return out[:min(len(out), contacts)]
}

// contacts is how many ports an address behind a router gets to answer at.
const contacts = 3
