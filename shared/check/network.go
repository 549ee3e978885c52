//go:build !osiris_agent

package check

import (
	"net/netip"
	"strings"
)

// Facts of the checks of the network.
const (
	FactResolver = "resolver" // a row for each address of a DNS server: Interface, Address, FromDHCP
	// FactAdapter is a row for each adapter that is up: Interface, and ReceivedErrors,
	// SentErrors since it came up or NetBIOS (0 by DHCP, 1 on, 2 off).
	FactAdapter = "adapter"
	FactNetwork = "network" // a row for each network: Interface, Category (0 public, 1 private, 2 domain)
)

// With public = yes a domain member may ask servers on the internet.
var dnsClientParameters = []Parameter{{"public", "no"}}

// judgeDNSClient: a member that asks a server outside does not find its domain, and
// tells the names of the practice's computers to strangers.
func judgeDNSClient(d *definition, f Facts, p Parameters, v *Verdict) {
	role := roleOf(f)
	v.Expected = "the practice's own DNS servers"
	if role&roleDomain == 0 {
		v.Expected = "a DNS server"
	}
	public, servers := "", 0
	var r Facts
	for i := 0; f.next(FactResolver, &i, &r); {
		address, err := netip.ParseAddr(r.text("Address"))
		if err != nil {
			continue
		}
		servers++
		if address = address.Unmap(); !inside(address) && !strings.Contains(public, address.String()) {
			public = join(public, address.String())
		}
	}
	switch {
	case role == 0:
		v.end("U||The host's role could not be read.", "")
	case servers == 0:
		v.end("H|none|No DNS server is set.", "")
	case role&roleDomain != 0 && public != "" && d.get(p, "public") != "yes":
		v.end("H|%|A computer of a domain asks DNS servers on the internet: %.", public)
	default:
		v.end("P|set|The DNS servers are such as the host needs.", "")
	}
}

// inside tells whether an address is no one's on the internet. fec0::/10 are the
// three addresses that Windows shows where IPv6 has no server.
func inside(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || netip.MustParsePrefix("fec0::/10").Contains(a) ||
		netip.MustParsePrefix("100.64.0.0/10").Contains(a)
}

var adapterParameters = []Parameter{{"max_errors", "1000"}}

const adapterRulings = `at most {$max_errors} errors
for adapter
|+up|yes
ReceivedErrors>max_errors|+bad|{Interface}
SentErrors>max_errors|+bad|{Interface}
end
-up|unknown||The network adapters could not be read.
bad|medium|many errors: {bad}|A network adapter counts many errors: {bad}.
|pass|few errors|The network adapters count few errors.`

// A public network is the strict one: right for a notebook, wrong for a server,
// whose clients it locks out. A member that is not sure of its domain has the
// wrong rules either way.
const networkProfileRulings = `fits the host's role
-role|unknown||The host's role could not be read.
for network
|+there|yes
domain&Category=2|+sure|yes
-workstation&-domain&Category=0|+public|{Interface}
end
-there|unknown||The networks could not be read.
domain&-sure|medium|domain not recognised|A computer of a domain does not recognise its network.
public|medium|public: {public}|A server's network counts as public: {public}.
|pass|fits|The network's category fits the host's role.`

// With require_off = yes what DHCP decides is not enough.
var netbiosParameters = []Parameter{{"require_off", "no"}}

const netbiosRulings = `not switched on
$require_off=yes|expected|switched off
for adapter
|+up|yes
NetBIOS=1|+on|{Interface}
$require_off=yes&NetBIOS=0|+open|{Interface}
end
-up|unknown||The network adapters could not be read.
on|low|on: {on}|NetBIOS is switched on, by which names are asked of everybody.
open|low|left to DHCP: {open}|NetBIOS is not switched off.
|pass|not on|NetBIOS is not switched on.`
