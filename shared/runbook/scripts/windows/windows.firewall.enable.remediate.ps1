Set-StrictMode -Version 3.0
# Rules and the defaults of a profile stay as they are: a block by default could
# cut off what the practice works with. MpsSvc brings BFE with it when it starts.
$enforcer = Get-ServiceState -Name 'MpsSvc'
$engine = Get-ServiceState -Name 'BFE'
if ($null -eq $enforcer -or $null -eq $engine) {
    throw 'the service MpsSvc or BFE is not installed'
}
# Administrators may not change how these two start, but the registry's value, which
# counts from the next restart (Windows 10 and Server 2019 and later).
if ($engine['Start'] -eq 4) {
    Set-RegistryDword -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\BFE' -Name 'Start' -Value 2
    Set-Changed
    Set-RebootNeeded
}
if ($enforcer['Start'] -eq 4) {
    Set-RegistryDword -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\MpsSvc' -Name 'Start' -Value 2
    Set-Changed
    Set-RebootNeeded
}
if ($enforcer['State'] -ne 4 -and $enforcer['Start'] -ne 4 -and $engine['Start'] -ne 4) {
    try {
        Start-Service -Name 'MpsSvc'
        Set-Changed
    } catch {
        Add-Note -Text ('MpsSvc could not be started: ' + (Get-ErrorCode -Record $_))
    }
    if (-not (Wait-ServiceState -Name 'MpsSvc' -State 4 -Seconds 20)) {
        Add-Note -Text 'MpsSvc did not start in 20 seconds.'
    }
}
if ((Get-ServiceState -Name 'MpsSvc')['State'] -ne 4) {
    # It reads these when it starts.
    Set-RegistryDword -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\DomainProfile' -Name 'EnableFirewall' -Value 1
    Set-RegistryDword -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\StandardProfile' -Name 'EnableFirewall' -Value 1
    Set-RegistryDword -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\PublicProfile' -Name 'EnableFirewall' -Value 1
    Set-Changed
} else {
    foreach ($zone in @(Get-NetFirewallProfile -PolicyStore 'PersistentStore')) {
        if ([int]$zone.Enabled -ne 1) {
            Set-NetFirewallProfile -Name $zone.Name -PolicyStore 'PersistentStore' -Enabled 'True'
            Set-Changed
        }
    }
}
