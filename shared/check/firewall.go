package check

// Facts of firewall.
const (
	FactProfile         = "profile" // a row: Name, Enabled (1 on, 0 off) as all policies together have it
	FactService         = "service" // a row for each service: Name, State (4 runs), Start
	FactSecurityProduct = "product" // a row for each registered security product: displayName, productState
)

// All three profiles are on and the service that enforces them runs. A product
// that replaces the firewall switches profiles off rightly, and says so to the
// security centre, which servers do not have. productState has no public
// description; 4096, on, 8192, snoozed or with 4096 expired, and 16, signatures out
// of date, are how its readers have understood it since Windows 7.
const firewallRulings = `Domain, Private and Public on
for service
|+services|yes
State!4|+stopped|{Name}
end
for product
productState%8192|next
productState%4096|+other|{displayName}
end
for profile
Enabled=1|+on|yes
Enabled=0|+off|{Name}
end
off&other|pass|{other}|Another product, {other}, is the firewall.
stopped&other|pass|{other}|Another product, {other}, is the firewall.
stopped|critical|{stopped} not running|The firewall's service {stopped} does not run.
off|critical|off: {off}|The firewall is off for {off}.
on*3&services*2|pass|on|The firewall is on for every network.
|unknown||The firewall's profiles could not be read.`

func judgeWindows(d *definition, f Facts, p Parameters, v *Verdict) {
	for i := range windowsRulings {
		if windowsRulings[i].id == d.id {
			d.rule(windowsRulings[i].text, f, p, v)
		}
	}
}

// windowsRulings are the rulings of the checks of Windows that need no code.
var windowsRulings = [...]struct {
	id   ID
	text string
}{
	{BitLocker, bitlockerRulings},
	{CriticalServices, serviceRulings},
	{Defender, defenderRulings},
	{Firewall, firewallRulings},
	{GuestAccount, guestRulings},
	{SMBv1, smbv1Rulings},
	{Spooler, spoolerRulings},
}

// join lists names.
func join(list, name string) string {
	if list == "" {
		return name
	}
	return list + ", " + name
}
