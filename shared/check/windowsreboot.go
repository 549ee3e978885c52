package check

import "strings"

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

var rebootSigns = [...]struct{ fact, words string }{
	{FactRebootWU, "Windows Update"},
	{FactRebootServicing, "servicing"},
	{FactRebootInProgress, "servicing in progress"},
	{FactRebootCBS, "packages"},
	{FactNetlogonJoin, "domain join"},
	{FactNetlogonSPN, "domain join"},
}

func judgeWindowsReboot(f Facts, v *Verdict) {
	signs := ""
	for i := range &rebootSigns {
		if s := &rebootSigns[i]; f.text(s.fact) != "" && !strings.Contains(signs, s.words) {
			signs = join(signs, s.words)
		}
	}
	name, active := f.text(FactComputerName), f.text(FactActiveName)
	if name != "" && name != active {
		signs = join(signs, "new computer name")
	}
	if signs == "" {
		v.end("P|none|Nothing waits for a restart.", "")
		return
	}
	v.end("M|%|A restart is asked for by %.", signs)
}
