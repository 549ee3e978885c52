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

// A measurement is believed before any setting: a virtual machine may have its
// host's time with Windows Time off, and a service that is set up well may reach
// nobody. A workgroup PC starts the service now and then only.
const windowsTimeRulings = `kept by a time source
for service
Name=W32Time&Start!4|+enabled|yes
Name=W32Time&State?245|+runs|yes
Name=W32Time&Trigger=1|+runs|yes
end
|+kind|{policy.Type}
-kind|+kind|{Type}
|+client|{policy.NtpClient.Enabled}
-client|+client|{NtpClient.Enabled}
kind=NoSync|+reason|is set to follow nobody
-reason&client=0|+reason|has its client off
-reason&-enabled|+reason|is disabled
-reason&-domain&kind=NT5DS|+reason|waits for a domain that there is not
-reason&domain&-runs|+reason|is not running
-kind|unknown||The time service's settings could not be read.
measured&reason|pass|right|The clock is right, but Windows Time {reason}.
measured|pass|right|The clock is right.
reason|medium|not kept|The clock is not kept: Windows Time {reason}.
|unknown||Windows Time is set up, but no time server answered, so nothing shows that the clock is right.`
