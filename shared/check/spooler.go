package check

// Facts of spooler beside the service's row and the host's role.
const (
	// FactPrinter repeats: a row per printer that this host shares.
	FactPrinter = "printer"
	// FactSpoolerRPC is 2 where policy keeps the spooler from the network. With 1,
	// and without it, the spooler accepts everybody (policy-csp-admx-printing2).
	FactSpoolerRPC = "RegisterSpoolerRemoteRpcEndPoint"
	// FactDriverAdmins is 0 where everybody may install printer drivers.
	FactDriverAdmins = "RestrictDriverInstallationToAdministrators"
)

// With require_policy = no a workstation that shares no printer may do without
// the policy that keeps its spooler from the network.
var spoolerParameters = []Parameter{{"require_policy", "yes"}}

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
	ending := "H|running|A server that shares no printer runs the print spooler."
	switch {
	case role == 0:
		ending = noRole
	case !running && controller && service.text("Start") == startAuto:
		ending = "M|not running|The print spooler of a domain controller comes back with the next start."
	case !running:
		ending = "P|not running|The print spooler is not running."
	case controller:
		ending = "H|running|A domain controller runs the print spooler."
	case f.text(FactDriverAdmins) == "0":
		ending = "H|running|Everybody may install printer drivers, which run as the system."
	case workstation && policy == "2":
		ending = "P|running|Policy keeps the print spooler from the network."
	case workstation && (policy == "1" || d.get(p, "require_policy") != "no"):
		ending = "M|running|The print spooler accepts connections from the network."
	case !shared && f.text(FactPrinter+ErrorSuffix) != "":
		ending = "U|running|Whether printers are shared could not be read."
	case workstation && shared:
		ending = "M|running, shares printers|A printer is shared with the network."
	case workstation:
		ending = "P|running|No printer is shared."
	case shared:
		ending = "P|running, shares printers|The server shares printers."
	}
	v.end(ending, "")
}
