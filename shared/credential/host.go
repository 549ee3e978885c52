package credential

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Allows reports whether the credential may be used against a place, which is a
// host, or host:port where it is not the usual port of an encrypted road.
// One of Hosts must be the host's name, its address, a network that has it, or
// *.domain above it, with the same port: who may change targets must not lead a
// password to another program of the same host. A host is judged as it is written
// in the target; no name is looked up.
func (c Credential) Allows(place string) bool {
	if len(c.Hosts) == 0 {
		return true
	}
	host, port := cut(place)
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	address, err := netip.ParseAddr(host)
	for _, h := range c.Hosts {
		h, only := cut(strings.ToLower(h))
		if only != port {
			continue
		}
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

// cut parts host:port; an IPv6 address or network that has a port stands in
// brackets. Without a port it is empty.
func cut(s string) (host, port string) {
	if inner, found := strings.CutPrefix(s, "["); found {
		if host, port, found := strings.Cut(inner, "]:"); found {
			return host, port
		}
		return s, ""
	}
	if host, port, found := strings.Cut(s, ":"); found && !strings.Contains(port, ":") {
		return host, port
	}
	return s, ""
}

// fitPort are the ports as they are written: without a sign or a leading zero.
func fitPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0 && strconv.FormatUint(n, 10) == s
}

func (c Credential) checkHosts() error {
	if len(c.Hosts) > maxHosts {
		return fmt.Errorf("%w: it names more than %d hosts", ErrInvalid, maxHosts)
	}
	for _, whole := range c.Hosts {
		h, port := cut(whole)
		if h != whole && !fitPort(port) {
			return fmt.Errorf("%w: %.100q has no port after its colon", ErrInvalid, whole)
		}
		_, err := netip.ParsePrefix(h)
		if strings.Contains(h, "/") && err != nil || h == "" || len(h) > 253 || strings.ContainsFunc(h, unfit) || strings.LastIndex(h, "*") > 0 ||
			strings.HasPrefix(h, "*") && !strings.HasPrefix(h, "*.") || h == "*." {
			return fmt.Errorf("%w: %.100q is no host name, address, network or *.domain, with :port or without", ErrInvalid, whole)
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
