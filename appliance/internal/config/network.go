package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/posture/oui"
)

// Network is where and how the network is looked at from outside. Without ranges
// it is not: nothing is ever guessed.
type Network struct {
	Ranges         []string      `yaml:"ranges"`
	Force          bool          `yaml:"force"`
	Exclude        []string      `yaml:"exclude"`
	Interval       time.Duration `yaml:"interval"`
	Ports          []int         `yaml:"ports"`
	Rate           int           `yaml:"rate"`
	Concurrent     int           `yaml:"concurrent"`
	Gap            time.Duration `yaml:"gap"`
	DeviceDeadline time.Duration `yaml:"device_deadline"`
}

// DefaultNetwork looks at nothing, and gently once there are ranges.
func DefaultNetwork() Network {
	return Network{
		Ranges: []string{}, Exclude: []string{}, Interval: 600 * time.Second,
		Ports: []int{21, 22, 23, 80, 443, 445, 636, 1433, 3306, 3389, 5432, 5900, 5986, 6379, 8080, 8443, 9200, 11211, 27017},
		Rate:  50, Concurrent: 64, Gap: 250 * time.Millisecond, DeviceDeadline: 2 * time.Minute,
	}
}

// Bounds of looking at the network.
const (
	mostRanges    = 64
	mostExcludes  = 1024
	mostPorts     = 64
	widestRange   = 20 // bits: 4,096 addresses
	widestForced  = 16 // bits, with force
	mostAddresses = 1 << 16
	mostRate      = 500
)

// leaveAlone are ports that no scanner should touch: what listens there prints
// whatever it is sent, moves something, or is a medical device's.
var leaveAlone = map[int]string{
	102: "a controller's (S7)", 104: "DICOM's", 502: "a controller's (Modbus)", 515: "a printer's", 631: "a printer's", 2575: "HL7's",
	2761: "DICOM's", 2762: "DICOM's", 4242: "DICOM's", 11112: "DICOM's", 20000: "a controller's (DNP3)", 44818: "a controller's (EtherNet/IP)",
	9100: "a printer's", 9101: "a printer's", 9102: "a printer's", 9103: "a printer's",
}

// vendorWord begins an exclusion by a MAC's maker.
const vendorWord = "vendor:"

func (n Network) validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("network."+format, args...)) }
	ranges, err := n.Prefixes()
	errs = append(errs, err)
	if n.Rate > 0 && n.Concurrent > 0 && n.Interval >= time.Minute {
		if least := n.knocks(ranges); least > n.Interval-n.Interval/10 {
			wrong("ranges take %s to be asked once, more than nine tenths of interval %s: raise interval, or rate and concurrent", least.Round(time.Second), n.Interval)
		}
	}
	_, _, _, err = n.Exclusions()
	errs = append(errs, err)
	if n.Interval != 0 && (n.Interval < time.Minute || n.Interval > longestScan) {
		wrong("interval %s is neither 0s nor between 1m and %s", n.Interval, longestScan)
	}
	if len(n.Ports) == 0 || len(n.Ports) > mostPorts {
		wrong("ports has %d ports, not 1 to %d", len(n.Ports), mostPorts)
	}
	seen := map[int]bool{}
	for _, p := range n.Ports {
		switch whose := leaveAlone[p]; {
		case p < 1 || p > 65535:
			wrong("ports has %d, which is no port", p)
		case seen[p]:
			wrong("ports has %d twice", p)
		case whose != "":
			wrong("ports has %d, which is %s and is left alone", p, whose)
		}
		seen[p] = true
	}
	if n.Rate < 1 || n.Rate > mostRate {
		wrong("rate %d is not between 1 and %d connections a second", n.Rate, mostRate)
	}
	if n.Concurrent < 1 || n.Concurrent > mostScans {
		wrong("concurrent %d is not between 1 and %d", n.Concurrent, mostScans)
	}
	if n.Gap < 0 || n.Gap > time.Minute {
		wrong("gap %s is not between 0s and 1m", n.Gap)
	}
	if n.DeviceDeadline < shortestScan || n.DeviceDeadline > time.Hour {
		wrong("device_deadline %s is not between %s and 1h", n.DeviceDeadline, shortestScan)
	}
	return errors.Join(errs...)
}

// silence is how long an address without anybody holds a place.
const silence = 1500 * time.Millisecond

// knocks is how long it takes at least to ask each address once, as if each were empty.
func (n Network) knocks(ranges []netip.Prefix) time.Duration {
	addresses := 0
	for _, r := range ranges {
		addresses += 1 << (32 - r.Bits())
	}
	each := max(time.Second/time.Duration(n.Rate), silence/time.Duration(n.Concurrent))
	return time.Duration(addresses) * each
}

// Prefixes are the ranges. Its error names each that cannot be meant.
func (n Network) Prefixes() (out []netip.Prefix, err error) {
	var errs []error
	wrong := func(r, format string, args ...any) {
		errs = append(errs, fmt.Errorf("network.ranges has %q, "+format, append([]any{r}, args...)...))
	}
	if len(n.Ranges) > mostRanges {
		errs = append(errs, fmt.Errorf("network.ranges has %d networks, more than %d", len(n.Ranges), mostRanges))
	}
	addresses := 0
	for _, r := range n.Ranges {
		p, err := netip.ParsePrefix(r)
		widest := widestRange
		if n.Force {
			widest = widestForced
		}
		switch {
		case err != nil:
			wrong(r, "which is no network such as 192.168.1.0/24")
			continue
		case !p.Addr().Is4():
			wrong(r, "which is not IPv4: networks of IPv6 are too large to be looked through")
			continue
		case p != p.Masked():
			wrong(r, "which is an address in a network; the network is %s", p.Masked())
		case !unicast(p.Addr()):
			wrong(r, "where no devices are")
		case !private(p) && !n.Force:
			wrong(r, "which is not all private: looking at networks of others is not allowed; force: true if it is the practice's own")
		case p.Bits() < widest && n.Force:
			wrong(r, "which is wider than /%d", widest)
		case p.Bits() < widest:
			wrong(r, "which is wider than /%d; force: true allows /%d", widest, widestForced)
		}
		addresses += 1 << (32 - p.Bits())
		out = append(out, p)
	}
	if addresses > mostAddresses {
		errs = append(errs, fmt.Errorf("network.ranges has %d addresses, more than %d", addresses, mostAddresses))
	}
	return out, errors.Join(errs...)
}

func unicast(a netip.Addr) bool {
	return !a.IsLoopback() && !a.IsMulticast() && !a.IsUnspecified() && !a.IsLinkLocalUnicast() && a.As4()[0] < 224 && a.As4()[0] > 0
}

// private tells whether all of a network is nobody's on the internet (RFC 1918 and
// 6598).
func private(p netip.Prefix) bool {
	return slices.ContainsFunc([]string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"}, func(text string) bool {
		all := netip.MustParsePrefix(text)
		return all.Contains(p.Addr()) && all.Bits() <= p.Bits()
	})
}

// known refuses a maker that nobody is: a device that somebody believes to be excluded
// would be asked.
func known(vendor string) error {
	n, err := oui.Table{}.Makers(vendor)
	if err == nil && n == 0 {
		return fmt.Errorf("network.exclude has %q, which is no maker in the list of 2022-08: exclude newer ones by address", vendorWord+vendor)
	}
	return err
}

// Exclusions are what is left alone: networks, MACs in lower case with colons, and
// parts of makers' names.
func (n Network) Exclusions() (networks []netip.Prefix, macs, vendors []string, err error) {
	var errs []error
	if len(n.Exclude) > mostExcludes {
		errs = append(errs, fmt.Errorf("network.exclude has %d entries, more than %d", len(n.Exclude), mostExcludes))
	}
	for _, text := range n.Exclude {
		if vendor, ok := strings.CutPrefix(text, vendorWord); ok && len(strings.TrimSpace(vendor)) > 1 {
			vendors = append(vendors, strings.TrimSpace(vendor))
			errs = append(errs, known(strings.TrimSpace(vendor)))
		} else if p, err := netip.ParsePrefix(text); err == nil && p == p.Masked() && p.Addr().Is4() {
			networks = append(networks, p)
		} else if a, err := netip.ParseAddr(text); err == nil && a.Is4() {
			networks = append(networks, netip.PrefixFrom(a, a.BitLen()))
		} else if mac, err := net.ParseMAC(text); err == nil && len(mac) == 6 {
			macs = append(macs, mac.String())
		} else {
			errs = append(errs, fmt.Errorf("network.exclude has %q, which is no network or address of IPv4, no MAC and no %sNAME", text, vendorWord))
		}
	}
	return networks, macs, vendors, errors.Join(errs...)
}
