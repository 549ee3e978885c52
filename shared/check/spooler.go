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

// They go by the role: a workstation needs its spooler to print, so there only what
// the network can reach counts.
const spoolerRulings = `stopped
workstation|expected|not reachable from the network
for service
Name=Spooler&State?245|+running|yes
Name=Spooler&Start=2|+auto|yes
end
-role|unknown||The host's role could not be read.
-running&controller&auto|medium|not running|The print spooler of a domain controller comes back with the next start.
-running|pass|not running|The print spooler is not running.
controller|high|running|A domain controller runs the print spooler.
RestrictDriverInstallationToAdministrators=0|high|running|Everybody may install printer drivers, which run as the system.
workstation&RegisterSpoolerRemoteRpcEndPoint=2|pass|running|Policy keeps the print spooler from the network.
workstation&RegisterSpoolerRemoteRpcEndPoint=1|medium|running|The print spooler accepts connections from the network.
workstation&$require_policy!no|medium|running|The print spooler accepts connections from the network.
-printer&printer_error|unknown|running|Whether printers are shared could not be read.
workstation&printer|medium|running, shares printers|A printer is shared with the network.
workstation|pass|running|No printer is shared.
printer|pass|running, shares printers|The server shares printers.
|high|running|A server that shares no printer runs the print spooler.`
