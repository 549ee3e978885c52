//go:build !osiris_agent

package check

import (
	"slices"
	"strings"
)

// Facts of linux_units, linux_legacy and linux_certificates.
const (
	FactUnitCount = "failed_count" // how many units of the service manager have failed
	FactUnit      = "failed_unit"  // the first of them, as a row: Unit
	// FactListenersRead is yes when the kernel's list of listening sockets was read.
	FactListenersRead = "listeners_read"
	// FactLegacy is a row for each way in for telnet, rsh, rlogin or rexec: Name, and
	// How: listens, socket, service, inetd or xinetd.
	FactLegacy = "legacy"
	// FactServerCertificate is a row for each certificate that a server of this host is set
	// up with: Path, Days that it lasts or Expired=yes, and Renewed=yes where a
	// program renews it.
	FactServerCertificate       = "certificate"
	FactServerCertificateUnread = "certificate_unread" // paths that could not be read
)

var (
	linuxUnitParameters        = []Parameter{{"ignore", "none"}}
	linuxCertificateParameters = []Parameter{{"min_days", "30"}, {"min_days_renewed", "20"}}
)

const linuxUnitRulings = `no unit has failed
-failed_count|unknown||The service manager could not be asked.
for failed_unit
|+failing|{Unit}
end
failing|high|failed: {failing}|Units have failed: {failing}.
failed_count>40|unknown||More units have failed than were named.
|pass|none failed|No unit has failed.`

// judgeLinuxUnits drops the units that the policy ignores, by their whole names.
func judgeLinuxUnits(d *definition, f Facts, p Parameters, v *Verdict) {
	ignored := strings.FieldsFunc(d.get(p, "ignore"), func(r rune) bool { return r == ',' || r == ' ' })
	var rest Facts
	for _, fact := range f {
		if fact.Name != FactUnit || !slices.Contains(ignored, row(fact.Value).text("Unit")) {
			rest = append(rest, fact)
		}
	}
	d.rule(linuxUnitRulings, rest, p, v)
}

const linuxLegacyRulings = `no telnet, rsh, rlogin or rexec
-listeners_read|unknown||What listens could not be read.
for legacy
|+open|{Name} ({How})
end
open|critical|{open}|Passwords and data travel in the open: {open}.
|pass|none|Nothing listens for telnet, rsh, rlogin or rexec.`

// Programs renew a certificate when a third of its life is left, 30 days of 90: a
// limit there would fail for the hours until they run.
const linuxCertificateRulings = `certificates last {$min_days} days, {$min_days_renewed} where a program renews them
for certificate
|+seen|{Path}
Expired=yes|+expired|{Path}
Expired=yes|next
Renewed=yes&Days<min_days_renewed|+short|{Path}
Renewed!yes&Days<min_days|+short|{Path}
end
expired|critical|expired: {expired}|Certificates have expired: {expired}.
short|high|soon: {short}|Certificates expire soon: {short}.
certificate_unread|unknown||Certificates could not be read: {certificate_unread}.
-seen|unknown||No certificate was looked at.
|pass|well|Every certificate lasts.`
