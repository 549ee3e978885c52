Set-StrictMode -Version 3.0
# Both start on demand.
if ((Get-ServiceState -Name 'VSS')['Start'] -eq 4) {
    Set-ServiceStart -Name 'VSS' -Start 3
    Set-Changed
}
if ((Get-ServiceState -Name 'swprv')['Start'] -eq 4) {
    Set-ServiceStart -Name 'swprv' -Start 3
    Set-Changed
}
