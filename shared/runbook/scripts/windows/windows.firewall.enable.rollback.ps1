Set-StrictMode -Version 3.0
# The services stay as they are: without them nothing enforces any profile.
$words = @{ 0 = 'False'; 1 = 'True'; 2 = 'NotConfigured' }
$zones = Get-Saved -Name 'zones'
foreach ($zone in @(Get-NetFirewallProfile -PolicyStore 'PersistentStore')) {
    $member = $zones.PSObject.Properties[[string]$zone.Name]
    if ($null -ne $member -and [int]$zone.Enabled -ne [int]$member.Value) {
        Set-NetFirewallProfile -Name $zone.Name -PolicyStore 'PersistentStore' -Enabled $words[[int]$member.Value]
        Set-Changed
    }
}
