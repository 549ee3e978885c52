package posture

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// System is the appliance's own network, as Linux tells it.
type System struct{}

// neighbourTable is the kernel's table of IPv4 neighbours (proc_net(5)).
const neighbourTable = "/proc/net/arp"

// maxNeighbours bounds what is read of it; the kernel's own limit is 1,024 unless
// somebody raised it.
const maxNeighbours = 65536

// Neighbours implements Network.
func (System) Neighbours() (map[netip.Addr]string, error) {
	f, err := os.Open(neighbourTable)
	if err != nil {
		return nil, fmt.Errorf("reading neighbours: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	return parseNeighbours(f)
}

// parseNeighbours reads "IP address, HW type, Flags, HW address, Mask, Device".
func parseNeighbours(r io.Reader) (map[netip.Addr]string, error) {
	out := map[netip.Addr]string{}
	lines := bufio.NewScanner(r)
	for lines.Scan() && len(out) < maxNeighbours {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 {
			continue
		}
		address, err := netip.ParseAddr(fields[0])
		if err != nil {
			continue // the line of titles
		}
		const complete = 2 // ATF_COM: somebody answered
		flags, err := strconv.ParseUint(strings.TrimPrefix(fields[2], "0x"), 16, 16)
		mac, macErr := ParseMAC(fields[3])
		if err != nil || macErr != nil || flags&complete == 0 || mac == "00:00:00:00:00:00" {
			continue
		}
		out[address] = mac
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading neighbours: %w", err)
	}
	return out, nil
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
