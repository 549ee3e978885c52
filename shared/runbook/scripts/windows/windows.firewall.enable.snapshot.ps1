Set-StrictMode -Version 3.0
$zones = [ordered]@{}
foreach ($zone in @(Get-NetFirewallProfile -PolicyStore 'PersistentStore')) {
    $zones[[string]$zone.Name] = [int]$zone.Enabled
}
$enforcer = Get-ServiceState -Name 'MpsSvc'
$engine = Get-ServiceState -Name 'BFE'
if ($null -eq $enforcer -or $null -eq $engine) {
    throw 'the service MpsSvc or BFE is not installed'
}
Save-State -State ([ordered]@{
    zones = $zones
    mpssvc_start = $enforcer['Start']
    bfe_start = $engine['Start']
})
