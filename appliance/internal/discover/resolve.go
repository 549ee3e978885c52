package discover

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// maxCandidates is how many controllers or KDCs are tried.
const maxCandidates = 8

// newResolver asks the given name servers in turn; the standard library's own
// retry goes to the next.
func newResolver(servers []netip.AddrPort, dial func(ctx context.Context, network, address string) (net.Conn, error)) *net.Resolver {
	if len(servers) == 0 {
		return net.DefaultResolver
	}
	if dial == nil {
		dial = (&net.Dialer{Timeout: dialTime}).DialContext
	}
	var turn atomic.Uint32
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		server := servers[int(turn.Add(1)-1)%len(servers)]
		return dial(ctx, network, server.String())
	}}
}

// controllers are the names to try, the preferred one first.
func (d *Directory) controllers(ctx context.Context, preferred string) ([]string, error) {
	if d.cfg.Server != "" {
		return []string{strings.ToLower(strings.TrimSuffix(d.cfg.Server, "."))}, nil
	}
	records, err := d.services(ctx, "ldap", "dc._msdcs."+d.cfg.Domain)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range records {
		name := strings.ToLower(strings.TrimSuffix(r.Target, "."))
		// Somebody who forges DNS could name a host of theirs, for which any
		// public authority gives them a certificate; the password would follow.
		if !d.inside(name) {
			continue
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%w: its records name only controllers outside of %s, such as %.100q; give one as the server", ErrDomain, d.cfg.Domain, records[0].Target)
	}
	if i := slices.Index(names, preferred); i > 0 {
		names = slices.Insert(slices.Delete(names, i, i+1), 0, preferred)
	}
	return names[:min(len(names), maxCandidates)], nil
}

// inside reports whether a host's name is in the domain.
func (d *Directory) inside(name string) bool {
	return strings.HasSuffix(strings.ToLower(strings.TrimSuffix(name, ".")), "."+d.cfg.Domain)
}

// kdcs are addresses of the domain's KDCs.
func (d *Directory) kdcs(ctx context.Context) ([]string, error) {
	records, err := d.services(ctx, "kerberos", d.cfg.Domain)
	if err != nil {
		return nil, err
	}
	var addresses []string
	for _, r := range records[:min(len(records), maxCandidates)] {
		if !d.inside(r.Target) {
			continue // as with controllers, but that a proof of the password follows
		}
		ips, err := d.resolver.LookupNetIP(ctx, "ip", r.Target)
		if err != nil {
			continue // the others may have one
		}
		addresses = append(addresses, net.JoinHostPort(ips[0].Unmap().String(), strconv.Itoa(int(r.Port))))
	}
	if len(addresses) == 0 {
		return nil, fmt.Errorf("%w: no kdc inside of %s has an address", ErrUnreachable, d.cfg.Domain)
	}
	return addresses, nil
}

func (d *Directory) services(ctx context.Context, service, domain string) ([]*net.SRV, error) {
	_, records, err := d.resolver.LookupSRV(ctx, service, "tcp", domain+".")
	if err != nil {
		return nil, fmt.Errorf("%w: asking for the %s servers of %s: %w", ErrUnreachable, service, domain, err)
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("%w: %s has no %s servers", ErrUnreachable, domain, service)
	}
	return records, nil
}
