package credential

import (
	"fmt"
	"net/netip"
	"strings"
)

// Allows reports whether the credential may be used against a host: one of Hosts
// is its name, its address, a network that has it, or *.domain above it. A host
// is judged as it is written in the target; no name is looked up.
func (c Credential) Allows(host string) bool {
	if len(c.Hosts) == 0 {
		return true
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	address, err := netip.ParseAddr(host)
	for _, h := range c.Hosts {
		h = strings.ToLower(h)
		if network, bad := netip.ParsePrefix(h); bad == nil {
			if err == nil && network.Contains(address.Unmap()) {
				return true
			}
			continue
		}
		if h == host || strings.HasPrefix(h, "*.") && err != nil && len(host) > len(h)-1 && strings.HasSuffix(host, h[1:]) {
			return true
		}
	}
	return false
}

func (c Credential) checkHosts() error {
	if len(c.Hosts) > maxHosts {
		return fmt.Errorf("%w: it names more than %d hosts", ErrInvalid, maxHosts)
	}
	for _, h := range c.Hosts {
		_, err := netip.ParsePrefix(h)
		if strings.Contains(h, "/") && err != nil || h == "" || len(h) > 253 || strings.ContainsFunc(h, unfit) || strings.LastIndex(h, "*") > 0 ||
			strings.HasPrefix(h, "*") && !strings.HasPrefix(h, "*.") || h == "*." {
			return fmt.Errorf("%w: %.100q is no host name, address, network or *.domain", ErrInvalid, h)
		}
	}
	return nil
}

// unfit are characters that no name, address or pattern has.
func unfit(r rune) bool {
	switch {
	case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', strings.ContainsRune("-_.:/*%", r):
		return false
	}
	return true
}
