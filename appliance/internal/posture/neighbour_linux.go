package posture

import (
	"fmt"
	"net/netip"
	"syscall"
)

// Neighbours implements Network, by the kernel's table of IPv4 (rtnetlink(7)).
// /proc/net/arp has no states.
func (System) Neighbours() (map[netip.Addr]Neighbour, error) {
	answer, err := syscall.NetlinkRIB(syscall.RTM_GETNEIGH, syscall.AF_INET)
	if err != nil {
		return nil, fmt.Errorf("reading neighbours: %w", err)
	}
	messages, err := syscall.ParseNetlinkMessage(answer)
	if err != nil {
		return nil, fmt.Errorf("reading neighbours: %w", err)
	}
	out := map[netip.Addr]Neighbour{}
	for _, m := range messages {
		if m.Header.Type != syscall.RTM_NEWNEIGH {
			continue
		}
		if a, n, ok := parseNeighbour(m.Data); ok {
			out[a] = n
		}
	}
	return out, nil
}
