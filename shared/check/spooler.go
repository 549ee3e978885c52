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
	role := roleOf(f)
	service := f.named(FactService, "Spooler")
	running, shared := isRunning(service), f.text(FactPrinter) != ""
	controller, workstation, policy := role&roleController != 0, role&roleWorkstation != 0, f.text(FactSpoolerRPC)
	if v.Expected = "stopped"; workstation {
		v.Expected = "not reachable from the network"
	}
	if v.Actual = "not running"; running {
		v.Actual = "running"
	}
	if shared {
		v.Actual += ", shares printers"
	}
	switch {
	case role == 0:
		v.Actual, v.Expected = "", ""
		v.unknown(noRole)
	case !running && controller && service.text("Start") == startAuto:
		v.fail(Medium, "The print spooler of a domain controller comes back with the next start.")
	case !running:
		v.pass("The print spooler is not running.")
	case controller:
		v.fail(High, "A domain controller runs the print spooler.")
	case f.text(FactDriverAdmins) == "0":
		v.fail(High, "Everybody may install printer drivers, which run as the system.")
	case workstation && policy == "2":
		v.pass("Policy keeps the print spooler from the network.")
	case workstation && policy == "1":
		v.fail(Medium, "Policy opens the print spooler to the network.")
	case !shared && f.text(FactPrinter+ErrorSuffix) != "":
		v.unknown("Whether printers are shared could not be read.")
	case workstation && shared:
		v.fail(Medium, "The print spooler listens on the network because a printer is shared.")
	case workstation && d.get(p, "require_policy") == "yes":
		v.fail(Medium, "No policy keeps the print spooler from the network.")
	case workstation:
		v.pass("No printer is shared, so the print spooler does not listen on the network.")
	case shared:
		v.pass("The server shares printers.")
	default:
		v.fail(High, "A server that shares no printer runs the print spooler.")
	}
}
