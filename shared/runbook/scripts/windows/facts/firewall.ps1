Set-StrictMode -Version 3.0
# The active store merges local settings with those of group policy and MDM.
Add-HostFact
Add-ServiceFact -Fact 'service' -Name 'MpsSvc', 'BFE'
try {
    foreach ($zone in @(Get-NetFirewallProfile -PolicyStore 'ActiveStore')) {
        Add-CimRow -Fact 'profile' -Instance $zone -Property 'Name', 'Enabled'
    }
} catch {
    Add-Fact -Name 'profile_error' -Value ('code ' + (Get-ErrorCode -Record $_))
}
Add-CimFact -Fact 'product' -Namespace 'root\SecurityCenter2' -ClassName 'FirewallProduct' -Property 'displayName', 'productState' -Optional
Add-Owner -Owner 'gpo' -Path 'HKLM:\SOFTWARE\Policies\Microsoft\WindowsFirewall\DomainProfile' -Name 'EnableFirewall'
Add-Owner -Owner 'gpo' -Path 'HKLM:\SOFTWARE\Policies\Microsoft\WindowsFirewall\PrivateProfile' -Name 'EnableFirewall'
Add-Owner -Owner 'gpo' -Path 'HKLM:\SOFTWARE\Policies\Microsoft\WindowsFirewall\StandardProfile' -Name 'EnableFirewall'
Add-Owner -Owner 'gpo' -Path 'HKLM:\SOFTWARE\Policies\Microsoft\WindowsFirewall\PublicProfile' -Name 'EnableFirewall'
Add-Owner -Owner 'mdm' -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\Mdm\DomainProfile' -Name 'EnableFirewall'
Add-Owner -Owner 'mdm' -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\Mdm\StandardProfile' -Name 'EnableFirewall'
Add-Owner -Owner 'mdm' -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\Mdm\PublicProfile' -Name 'EnableFirewall'
Add-Owner -Owner 'local'
