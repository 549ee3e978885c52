package check

import "strings"

// States and start types of winsvc.h, as a service's row has them: "Name=W32Time;
// State=4;Start=2;Delayed=0;Trigger=1". A service that does not exist has no row.
const (
	serviceStarting = "2"
	serviceResuming = "5"
	startAuto       = "2"
	startDisabled   = "4"
)

// Who needs a service.
const (
	needAll    = iota // every Windows
	needDomain        // members and domain controllers
	needDC            // domain controllers
	needAuto          // hosts where it starts by itself, which is where its role is installed
	needWinRM         // hosts that the appliance asks by WinRM
)

// services are those that a host of its role cannot do without.
var services = [...]struct {
	name, severity string
	need           int
}{
	{"EventLog", Critical, needAll},
	{"CryptSvc", High, needAll},
	{"Netlogon", Critical, needDomain},
	{"NTDS", Critical, needDC},
	{"DNS", Critical, needAuto},
	{"W32Time", High, needDomain},
	{"WinRM", High, needWinRM},
}

// CriticalServiceNames are the services of the table, for those who read them.
const CriticalServiceNames = "EventLog,CryptSvc,Netlogon,NTDS,DNS,W32Time,WinRM"

// Client Windows has WinRM off: only a site that uses it asks for it.
var serviceParameters = []Parameter{{"winrm", "no"}}

// serviceRow is the row of a service; nil when it does not exist.
func serviceRow(f Facts, name string) (found Facts) {
	f.rows(FactService, func(r Facts) {
		if found == nil && strings.EqualFold(r.text("Name"), name) {
			found = r
		}
	})
	return found
}

func isRunning(service Facts) bool {
	switch service.text("State") {
	case serviceRunning, serviceStarting, serviceResuming:
		return true
	}
	return false
}

func judgeServices(d *definition, f Facts, p Parameters, v *Verdict) {
	v.Expected = "running"
	role := f.text(FactDomainRole)
	if role == "" {
		v.unknown("The host's role could not be read.")
		return
	}
	var stopped []string
	severity := ""
	for i := range &services {
		s := &services[i]
		r := serviceRow(f, s.name)
		if !needed(s.need, role, r, d.get(p, "winrm") == "yes") || isRunning(r) {
			continue
		}
		// A service that starts on a trigger may rest until it is needed.
		if r.text("Trigger") == "1" && r.text("Start") != startDisabled {
			continue
		}
		stopped = append(stopped, s.name+" "+serviceWord(r))
		if rank(s.severity) > rank(severity) {
			severity = s.severity
		}
	}
	if stopped == nil {
		v.Actual = "running"
		v.pass("Every service that the host's role needs is running.")
		return
	}
	v.Actual = strings.Join(stopped, ", ")
	v.fail(severity, "Services that the host's role needs are not running.")
}

func needed(need int, role string, r Facts, winrm bool) bool {
	switch need {
	case needAll:
		return true
	case needDomain:
		return inDomain(role)
	case needDC:
		return isDC(role)
	case needAuto:
		return r.text("Start") == startAuto
	}
	return winrm
}

// serviceWord says what a service that does not run is.
func serviceWord(r Facts) string {
	switch {
	case r == nil:
		return "missing"
	case r.text("Start") == startDisabled:
		return "disabled"
	}
	return "stopped"
}
