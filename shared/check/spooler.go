package check

// Facts of spooler beside the service's row and the host's role.
const (
	// FactPrinter repeats: a row per printer that this host shares.
	FactPrinter = "printer"
	// FactSpoolerRPC is 2 where policy keeps the spooler from the network, 1 where
	// it lets everybody in. Without it the spooler listens once a printer is shared.
	FactSpoolerRPC = "RegisterSpoolerRemoteRpcEndPoint"
	// FactDriverAdmins is 0 where everybody may install printer drivers.
	FactDriverAdmins = "RestrictDriverInstallationToAdministrators"
)

// With require_policy = yes a workstation must have the policy that keeps its
// spooler from the network, shared printers or not.
var spoolerParameters = []Parameter{{"require_policy", "no"}}

// judgeSpooler goes by the role: a workstation needs its spooler to print, so
// there only what the network can reach counts.
func judgeSpooler(d *definition, f Facts, p Parameters, v *Verdict) {
	role := f.text(FactDomainRole)
	if role == "" {
		v.unknown("The host's role could not be read.")
		return
	}
	service := serviceRow(f, "Spooler")
	running, shared := isRunning(service), f.text(FactPrinter) != ""
	v.Actual = "not running"
	if running {
		v.Actual = "running"
	}
	if v.Expected = "stopped"; isWorkstation(role) {
		v.Expected = "not reachable from the network"
	}
	switch {
	case !running && isDC(role) && service.text("Start") == startAuto:
		v.Actual = "not running, starts with Windows"
		v.fail(Medium, "The print spooler of a domain controller comes back with the next start.")
	case !running:
		v.pass("The print spooler is not running.")
	case isDC(role):
		v.fail(High, "A domain controller runs the print spooler.")
	case f.text(FactDriverAdmins) == "0":
		v.Actual = "running, everybody installs drivers"
		v.fail(High, "Everybody may install printer drivers, which run as the system.")
	case !shared && f.text(FactPrinter+ErrorSuffix) != "" && (!isWorkstation(role) || f.text(FactSpoolerRPC) == ""):
		v.unknown("Whether printers are shared could not be read.")
	case isWorkstation(role):
		judgeWorkstation(f, d.get(p, "require_policy") == "yes", shared, v)
	case shared:
		v.Actual, v.Expected = "running, shares printers", "stopped where no printer is shared"
		v.pass("The server shares printers.")
	default:
		v.fail(High, "A server that shares no printer runs the print spooler.")
	}
}

func judgeWorkstation(f Facts, policy, shared bool, v *Verdict) {
	switch f.text(FactSpoolerRPC) {
	case "2":
		v.Actual = "running, not reachable"
		v.pass("Policy keeps the print spooler from the network.")
	case "1":
		v.Actual = "running, reachable"
		v.fail(Medium, "Policy opens the print spooler to the network.")
	default:
		switch {
		case shared:
			v.Actual = "running, shares printers"
			v.fail(Medium, "The print spooler listens on the network because a printer is shared.")
		case policy:
			v.fail(Medium, "No policy keeps the print spooler from the network.")
		default:
			v.pass("No printer is shared, so the print spooler does not listen on the network.")
		}
	}
}
