Set-StrictMode -Version 3.0
# Rules and the defaults of a profile stay as they are: a block by default could
# cut off what the practice works with. MpsSvc brings BFE with it when it starts.
if ((Get-ServiceState -Name 'BFE')['Start'] -eq 4) {
    Set-ServiceStart -Name 'BFE' -Start 2
    Set-Changed
}
if ((Get-ServiceState -Name 'MpsSvc')['Start'] -eq 4) {
    Set-ServiceStart -Name 'MpsSvc' -Start 2
    Set-Changed
}
if ((Get-ServiceState -Name 'MpsSvc')['State'] -ne 4) {
    Start-Service -Name 'MpsSvc'
    Set-Changed
}
foreach ($zone in @(Get-NetFirewallProfile -PolicyStore 'PersistentStore')) {
    if ([int]$zone.Enabled -ne 1) {
        Set-NetFirewallProfile -Name $zone.Name -PolicyStore 'PersistentStore' -Enabled 'True'
        Set-Changed
    }
}
if (-not (Wait-ServiceState -Name 'MpsSvc' -State 4 -Seconds 20)) {
    Add-Note -Text 'MpsSvc did not start in 20 seconds.'
}
