Set-StrictMode -Version 3.0
Add-HostFact
Add-ServiceFact -Fact 'service' -Name 'EventLog', 'CryptSvc', 'Netlogon', 'NTDS', 'DNS', 'W32Time', 'WinRM'
