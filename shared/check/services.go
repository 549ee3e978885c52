package check

// Who needs a service, beside the bits of a role.
const (
	needAuto  = 16 // hosts where it starts by itself, which is where its role is installed
	needWinRM = 32 // hosts that the appliance asks by WinRM
)

// services are those that a host of its role cannot do without.
var services = [...]struct {
	name, severity string
	need           int
}{
	{"EventLog", Critical, roleKnown},
	{"CryptSvc", High, roleKnown},
	{"Netlogon", Critical, roleDomain},
	{"NTDS", Critical, roleController},
	{"DNS", Critical, needAuto},
	{"W32Time", High, roleDomain},
	{"WinRM", High, needWinRM},
}

// CriticalServiceNames are the services of the table, for those who read them.
const CriticalServiceNames = "EventLog,CryptSvc,Netlogon,NTDS,DNS,W32Time,WinRM"

// Client Windows has WinRM off: only a site that uses it asks for it.
var serviceParameters = []Parameter{{"winrm", "no"}}

func judgeServices(d *definition, f Facts, p Parameters, v *Verdict) {
	v.Expected = "running"
	role := roleOf(f)
	if role == 0 {
		v.end(noRole, "")
		return
	}
	if d.get(p, "winrm") == "yes" {
		role |= needWinRM
	}
	severity, idle := "", ""
	for i := range &services {
		s := &services[i]
		r := f.named(FactService, s.name)
		start, who, word := r.text("Start"), role, " stopped"
		switch {
		case r == nil:
			word = " missing"
		case start == startAuto:
			who |= needAuto
		case start == startDisabled:
			word = " disabled"
		}
		// A service that starts on a trigger may rest until it is needed.
		if s.need&who == 0 || isRunning(r) || r.text("Trigger") == "1" && start != startDisabled {
			continue
		}
		idle = join(idle, s.name+word)
		if rank(s.severity) > rank(severity) {
			severity = s.severity
		}
	}
	if severity == "" {
		v.end("P|running|Every service that the host's role needs is running.", "")
		return
	}
	v.end(letter(severity)+"|%|Services that the host's role needs are not running.", idle)
}
