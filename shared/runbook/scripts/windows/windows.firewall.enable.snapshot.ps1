Set-StrictMode -Version 3.0
# While MpsSvc does not run nobody answers for the profiles (Windows' error 1753),
# and what it reads when it starts is in the registry.
$enforcer = Get-ServiceState -Name 'MpsSvc'
$engine = Get-ServiceState -Name 'BFE'
if ($null -eq $enforcer -or $null -eq $engine) {
    throw 'the service MpsSvc or BFE is not installed'
}
$zones = [ordered]@{}
if ($enforcer['State'] -eq 4) {
    foreach ($zone in @(Get-NetFirewallProfile -PolicyStore 'PersistentStore')) {
        $zones[[string]$zone.Name] = [int]$zone.Enabled
    }
} else {
    $zones['Domain'] = Get-RegistryData -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\DomainProfile' -Name 'EnableFirewall'
    $zones['Private'] = Get-RegistryData -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\StandardProfile' -Name 'EnableFirewall'
    $zones['Public'] = Get-RegistryData -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\PublicProfile' -Name 'EnableFirewall'
}
Save-State -State ([ordered]@{
    zones = $zones
    mpssvc_start = $enforcer['Start']
    bfe_start = $engine['Start']
})
