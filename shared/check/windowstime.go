package check

// Facts of time_sync on Windows beside W32Time's row, the host's role and the
// measured offset. What policy sets goes before what the computer sets.
const (
	FactTimeType         = "Type" // NT5DS from the domain, NTP from NtpServer, AllSync both, NoSync nothing
	FactTimeTypePolicy   = "policy.Type"
	FactTimeServer       = "NtpServer" // "time.windows.com,0x9 ..."
	FactTimeServerPolicy = "policy.NtpServer"
	FactTimeClient       = "NtpClient.Enabled" // 0 where Windows Time asks nobody
	FactTimeClientPolicy = "policy.NtpClient.Enabled"
	FactTimeDomain       = "Domain" // the DNS name whose addresses are the domain controllers
)

// judgeWindowsTime believes a measurement before any setting: a virtual machine
// may have its host's time with Windows Time off, and a service that is set up
// well may reach nobody. A workgroup PC starts the service now and then only.
func judgeWindowsTime(f Facts, measured bool, v *Verdict) {
	v.Expected = "kept by a time source"
	role := roleOf(f)
	service := f.named(FactService, "W32Time")
	kind, reason := or(f.text(FactTimeTypePolicy), f.text(FactTimeType)), ""
	switch {
	case kind == "NoSync":
		reason = "is set to follow nobody"
	case or(f.text(FactTimeClientPolicy), f.text(FactTimeClient)) == "0":
		reason = "has its client off"
	case service == nil || service.text("Start") == startDisabled:
		reason = "is disabled"
	case role&roleDomain == 0 && kind == "NT5DS":
		reason = "waits for a domain that there is not"
	case role&roleDomain != 0 && !isRunning(service) && service.text("Trigger") != "1":
		reason = "is not running"
	}
	ending := "U||Windows Time is set up, but no time server answered, so nothing shows that the clock is right."
	switch {
	case kind == "":
		ending = "U||The time service's settings could not be read."
	case measured && reason != "":
		ending = "P|right|The clock is right, but Windows Time %."
	case measured:
		ending = "P|right|The clock is right."
	case reason != "":
		ending = "M|not kept|The clock is not kept: Windows Time %."
	}
	v.end(ending, reason)
}
