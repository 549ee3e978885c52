package posture

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/posture/probe"
)

// census is what the first half of a sweep found.
type census struct {
	addresses int // that were asked
	unasked   int // that the appliance could not ask
	trouble   error
	excluded  int // devices that were left alone by MAC or vendor
	devices   []*device
	shown     []string       // MACs of excluded devices that the kernel sees
	settled   []netip.Prefix // networks of which this sweep saw everything
}

// device is one of a sweep, with what is known of it.
type device struct {
	Device
	// baseline tells that it is in a network that is looked at for the first time.
	baseline bool
	// excluded ones are remembered, so that their address is left alone next time.
	excluded bool
	// also is the target whose address it has now.
	also string
}

// find asks each address once whether there is somebody.
func (s *Scanner) find(ctx context.Context, now time.Time) (*census, error) {
	links, err := s.Network.Links()
	if err != nil {
		return nil, err
	}
	before, err := s.Network.Neighbours()
	if err != nil {
		return nil, err
	}
	past, err := s.past(ctx, now)
	if err != nil {
		return nil, err
	}
	c := &census{}
	ask := s.choose(c, before, links, past)
	there, failed, err := s.knock(ctx, ask, links)
	if err != nil {
		return nil, err
	}
	c.unasked = len(failed)
	for _, c.trouble = range failed {
		break // one stands for all
	}
	macs, err := s.confirm(ctx, ask, there)
	if err != nil {
		return nil, err
	}
	known, err := s.baselines(ctx)
	if err != nil {
		return nil, err
	}
	c.settled = s.settles(there, failed)
	for _, d := range past.bound(s.group(there, macs)) {
		d.Vendor = s.Vendors.Vendor(d.MAC)
		out := &device{Device: d, baseline: !s.settled(d, known)}
		if out.excluded = s.cfg.Exclude.Device(d.MAC, d.Vendor); out.excluded {
			out.Known = true
			c.excluded++
		}
		c.devices = append(c.devices, out)
	}
	s.introduce(c, past, now)
	return c, nil
}

// choose gives the addresses to ask, and leaves those of excluded devices.
func (s *Scanner) choose(c *census, before map[netip.Addr]Neighbour, links []netip.Prefix, p past) (ask []netip.Addr) {
	for _, a := range s.cfg.addresses(links) {
		n := before[a]
		mac := n.MAC
		if mac == "" {
			mac = p.at[a] // whom the address had last, until the kernel knows better
		}
		if !s.excludes(mac) {
			ask = append(ask, a)
			continue
		}
		if c.excluded++; n.Here {
			c.shown = append(c.shown, mac)
		}
	}
	c.addresses = len(ask)
	return ask
}

func (s *Scanner) excludes(mac string) bool { return s.cfg.Exclude.Device(mac, s.Vendors.Vendor(mac)) }

// group makes devices of addresses. Whether a MAC is excluded is a question of each
// address: with many of them a MAC is no identity, and excluded it is all the same.
func (s *Scanner) group(there map[netip.Addr]bool, macs map[netip.Addr]string) []Device {
	alone, others := map[netip.Addr]bool{}, map[netip.Addr]bool{}
	for a := range there {
		if s.excludes(macs[a]) {
			alone[a] = true
		} else {
			others[a] = true
		}
	}
	out := group(others, macs)
	for _, d := range group(alone, macs) {
		d.MAC = macs[d.Addresses[0]]
		out = append(out, d)
	}
	return out
}

// settles gives the networks of which everything was seen: somebody answered, and
// each address could be asked. Behind a switch port that is still blocked nobody
// answers, and everybody would be new a sweep later.
func (s *Scanner) settles(there map[netip.Addr]bool, failed map[netip.Addr]error) (out []netip.Prefix) {
	for _, r := range s.cfg.Ranges {
		seen, whole := false, true
		for a := range there {
			seen = seen || r.Contains(a)
		}
		for a := range failed {
			whole = whole && !r.Contains(a)
		}
		if seen && whole {
			out = append(out, r)
		}
	}
	return out
}

// past is what earlier sweeps stored.
type past struct {
	devices map[string]Device
	at      map[netip.Addr]string // the MAC that an address had last
}

// clockSlack is how far in the future something is before a clock was set back.
const clockSlack = time.Hour

// past reads it. A MAC is believed to have its address for a week, as long as a
// lease of DHCP lasts: afterwards the address may be another device's.
func (s *Scanner) past(ctx context.Context, now time.Time) (past, error) {
	all, err := Devices(ctx, s.Store)
	p := past{devices: map[string]Device{}, at: map[netip.Addr]string{}}
	newest := map[netip.Addr]time.Time{}
	for _, d := range all {
		p.devices[d.Key] = d
		if age := now.Sub(d.Last); age > remembered || age < -clockSlack {
			continue
		}
		for _, a := range d.Addresses {
			if d.MAC != "" && !d.Last.Before(newest[a]) {
				p.at[a], newest[a] = d.MAC, d.Last
			}
		}
	}
	return p, err
}

// maxMACs bounds the devices that are known by a MAC: anybody on the network can
// invent any number of them.
const maxMACs = 4096

// bound leaves MACs for addresses when there are too many of them.
func (p past) bound(devices []Device) (out []Device) {
	macs := 0
	for _, d := range p.devices {
		if d.Key == d.MAC {
			macs++
		}
	}
	for _, d := range devices {
		_, known := p.devices[d.Key]
		if known || d.Key != d.MAC {
			out = append(out, d)
			continue
		}
		if macs++; macs <= maxMACs {
			out = append(out, d)
			continue
		}
		for _, a := range d.Addresses {
			out = append(out, Device{Key: a.String(), MAC: d.MAC, Addresses: []netip.Addr{a}})
		}
	}
	return out
}

// introduce gives the devices what is known of them.
func (s *Scanner) introduce(c *census, p past, now time.Time) {
	for _, d := range c.devices {
		if old, ok := p.devices[d.Key]; ok {
			d.Known, d.First = old.Known || d.Known, old.First
			if old.MAC != d.MAC && d.Key != d.MAC { // another device at an address that was named
				d.Known = d.excluded || d.baseline
			}
		} else {
			d.Known, d.First = d.Known || d.baseline, now
		}
	}
}

// settled tells whether the networks of a device were seen before.
func (s *Scanner) settled(d Device, known map[string]bool) bool {
	for _, r := range s.cfg.Ranges {
		if known[r.Masked().String()] && slices.ContainsFunc(d.Addresses, r.Contains) {
			return true
		}
	}
	return false
}

// errNoNetwork means that the trouble is the appliance's own.
var errNoNetwork = errors.New("the appliance cannot reach the network")

// knock connects to addresses and tells who answered. Where the appliance sees MACs
// one connection is enough: whoever is there answers the question for the MAC. failed
// are the addresses that the appliance could not ask, and why.
func (s *Scanner) knock(ctx context.Context, ask []netip.Addr, links []netip.Prefix) (there map[netip.Addr]bool, failed map[netip.Addr]error, err error) {
	var mu sync.Mutex
	there, failed = map[netip.Addr]bool{}, map[netip.Addr]error{}
	var work sync.WaitGroup
	next := make(chan netip.Addr)
	for range min(len(ask), s.cfg.Concurrent) {
		work.Go(func() {
			for a := range next {
				ports := s.cfg.contact()
				if slices.ContainsFunc(links, func(l netip.Prefix) bool { return l.Contains(a) }) {
					ports = ports[:1]
				}
				answered, err := s.answers(ctx, a, ports)
				mu.Lock()
				if err != nil {
					failed[a] = err
				}
				if answered {
					there[a] = true
				}
				mu.Unlock()
			}
		})
	}
	for _, a := range ask {
		next <- a
	}
	close(next)
	work.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case len(ask) > 0 && len(failed) == len(ask):
		return nil, nil, fmt.Errorf("%w: %w", errNoNetwork, failed[ask[0]])
	}
	return there, failed, nil
}

// doubt is for how long the kernel may ask a neighbour that is silent: 5 s until it
// begins, three questions of a second, and some more.
const doubt = 10 * time.Second

// confirm adds those to there who are silent and have a MAC, as devices with a
// firewall, and gives the MACs of all. It waits for the kernel to be sure.
func (s *Scanner) confirm(ctx context.Context, ask []netip.Addr, there map[netip.Addr]bool) (map[netip.Addr]string, error) {
	for until := time.Now().Add(doubt); ; {
		now, err := s.Network.Neighbours()
		if err != nil {
			return nil, err
		}
		macs, unsure := map[netip.Addr]string{}, false
		for _, a := range ask {
			n := now[a]
			there[a] = there[a] || n.Here
			unsure = unsure || n.Unsure && !there[a]
			if there[a] {
				macs[a] = n.MAC
			}
		}
		if !unsure || time.Now().After(until) {
			maps.DeleteFunc(there, func(_ netip.Addr, is bool) bool { return !is })
			return macs, nil
		}
		if err := sleep(ctx, time.Second); err != nil {
			return nil, err
		}
	}
}

// answers tells whether an address opens or refuses one of the ports. err is about
// the appliance.
func (s *Scanner) answers(ctx context.Context, a netip.Addr, ports []uint16) (bool, error) {
	for _, port := range ports {
		conn, err := s.dial.Dial(ctx, netip.AddrPortFrom(a, port))
		switch {
		case err == nil:
			_ = conn.Close()
			return true, nil
		case errors.Is(err, probe.ErrRefused):
			return true, nil
		case errors.Is(err, probe.ErrAway):
			return false, nil
		case !errors.Is(err, probe.ErrSilent):
			return false, err
		}
	}
	return false, nil
}

// oneDevice is how many addresses a device may have: a MAC that answers for more is
// a router's.
const oneDevice = 4

// group makes devices of addresses.
func group(there map[netip.Addr]bool, macs map[netip.Addr]string) (out []Device) {
	by := map[string][]netip.Addr{}
	for a := range there {
		by[macs[a]] = append(by[macs[a]], a)
	}
	for mac, addresses := range by {
		slices.SortFunc(addresses, netip.Addr.Compare)
		if mac != "" && !random(mac) && len(addresses) <= oneDevice {
			out = append(out, Device{Key: mac, MAC: mac, Addresses: addresses})
			continue
		}
		if len(addresses) > oneDevice {
			mac = "" // not theirs
		}
		for _, a := range addresses {
			out = append(out, Device{Key: a.String(), MAC: mac, Addresses: []netip.Addr{a}})
		}
	}
	slices.SortFunc(out, func(a, b Device) int { return a.Addresses[0].Compare(b.Addresses[0]) })
	return out
}
