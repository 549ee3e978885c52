package check

// Facts of pending_reboot on Windows. The first four are "yes" where the key
// exists.
const (
	FactRebootWU         = "RebootRequired"
	FactRebootServicing  = "RebootPending"
	FactRebootInProgress = "RebootInProgress"
	FactRebootCBS        = "PackagesPending"
	FactNetlogonJoin     = "JoinDomain"  // a value that is there means a pending join
	FactNetlogonSPN      = "AvoidSpnSet" // the same
	FactComputerName     = "ComputerName"
	FactActiveName       = "ActiveComputerName" // every Windows has it
	// FactPendingRenames counts files that the next start replaces. Browsers,
	// drivers and virus scanners leave them daily: told, never a failure alone.
	FactPendingRenames = "pending_renames"
)

const rebootRulings = `none
RebootRequired|+sign|Windows Update
RebootPending|+sign|servicing
RebootInProgress|+sign|servicing in progress
PackagesPending|+sign|packages
JoinDomain|+sign|domain join
-JoinDomain&AvoidSpnSet|+sign|domain join
ComputerName&ComputerName!{ActiveComputerName}|+sign|new computer name
sign|medium|{sign}|A restart is asked for by {sign}.
|pass|none|Nothing waits for a restart.`
