Set-StrictMode -Version 3.0
Add-HostFact
Add-ServiceFact -Fact 'service' -Name 'EventLog', 'CryptSvc', 'Netlogon', 'NTDS', 'DNS', 'W32Time', 'WinRM'
# A policy that starts them is no conflict.
Add-ResultantOwner -ClassName 'RSOP_SystemService' -Filter "StartupMode=4 AND (Service='EventLog' OR Service='CryptSvc' OR Service='Netlogon' OR Service='NTDS' OR Service='DNS' OR Service='W32Time' OR Service='WinRM')"
Add-Owner -Owner 'local'
