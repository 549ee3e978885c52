Set-StrictMode -Version 3.0
# The services stay as they are: without them nothing enforces any profile.
$words = @{ 0 = 'False'; 1 = 'True'; 2 = 'NotConfigured' }
$zones = Get-Saved -Name 'zones'
if ((Get-ServiceState -Name 'MpsSvc')['State'] -ne 4) {
    # It reads these when it starts.
    Set-RegistryDword -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\DomainProfile' -Name 'EnableFirewall' -Value $zones.Domain
    Set-RegistryDword -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\StandardProfile' -Name 'EnableFirewall' -Value $zones.Private
    Set-RegistryDword -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\PublicProfile' -Name 'EnableFirewall' -Value $zones.Public
    Set-Changed
} else {
    foreach ($zone in @(Get-NetFirewallProfile -PolicyStore 'PersistentStore')) {
        $member = $zones.PSObject.Properties[[string]$zone.Name]
        # Nothing in the registry is what no setting is.
        $had = 2
        if ($null -ne $member -and $null -ne $member.Value) {
            $had = [int]$member.Value
        }
        if ($null -ne $member -and [int]$zone.Enabled -ne $had) {
            Set-NetFirewallProfile -Name $zone.Name -PolicyStore 'PersistentStore' -Enabled $words[$had]
            Set-Changed
        }
    }
}
