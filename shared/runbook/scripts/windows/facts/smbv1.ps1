Set-StrictMode -Version 3.0
# The features come from servicing, which works for seconds: they are asked only
# where the server itself does not answer.
Add-HostFact
Add-ServiceFact -Fact 'service' -Name 'LanmanServer', 'mrxsmb10'
Add-CimFact -Fact 'server' -Namespace 'root\Microsoft\Windows\SMB' -ClassName 'MSFT_SmbServerConfiguration' -Property 'EnableSMB1Protocol' -Optional
Add-RegistryFact -Fact 'SMB1' -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters' -Name 'SMB1'
if (-not (Test-Fact -Name 'server')) {
    Add-CimFact -Fact 'feature' -Namespace 'root\cimv2' -ClassName 'Win32_OptionalFeature' -Property 'Name', 'InstallState' -Filter "Name LIKE 'SMB1Protocol%'" -Optional
}
Add-ResultantOwner -ClassName 'RSOP_RegistryPolicySetting' -Filter "valueName='SMB1'"
Add-Owner -Owner 'local'
