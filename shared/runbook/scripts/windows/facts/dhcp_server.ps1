Set-StrictMode -Version 3.0
Add-HostFact
Add-ServiceFact -Fact 'service' -Name 'DHCPServer'
