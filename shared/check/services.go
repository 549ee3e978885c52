package check

// CriticalServiceNames are the services of the rulings, for those who read them.
const CriticalServiceNames = "EventLog,CryptSvc,Netlogon,NTDS,DNS,W32Time,WinRM"

// Client Windows has WinRM off: only a site that uses it asks for it.
var serviceParameters = []Parameter{{"winrm", "no"}}

// A service that is installed with a role is needed where it is (DNS); one that
// starts on a trigger may rest until it is needed, but not the clock of a domain.
const serviceRulings = `running
-role|unknown||The host's role could not be read.
for service
|+there|{Name}
State?245|+fine|{Name}
Trigger=1&Start!4&Name!W32Time|+fine|{Name}
Start=4|+off|{Name}
end
|+need|Service=EventLog;Severity=critical
|+need|Service=CryptSvc;Severity=high
domain|+need|Service=Netlogon;Severity=critical
controller|+need|Service=NTDS;Severity=critical
there=DNS|+need|Service=DNS;Severity=critical
domain|+need|Service=W32Time;Severity=high
$winrm=yes|+need|Service=WinRM;Severity=high
for need
fine={Service}|next
|+{Severity}|yes
there!{Service}|+idle|{Service} missing
off={Service}|+idle|{Service} disabled
there={Service}&off!{Service}|+idle|{Service} stopped
end
critical|critical|{idle}|Services that the host's role needs are not running.
high|high|{idle}|Services that the host's role needs are not running.
|pass|running|Every service that the host's role needs is running.`
