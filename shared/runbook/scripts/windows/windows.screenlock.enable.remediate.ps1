Set-StrictMode -Version 3.0
# A shorter time that somebody chose stays.
$limit = [int](Get-Parameter -Name 'max_idle_seconds')
if ($limit -lt 1 -or $limit -gt 599940) {
    throw 'the limit is out of bounds'
}
$seconds = Get-RegistryData -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System' -Name 'InactivityTimeoutSecs'
if ($null -eq $seconds -or $seconds -eq 0 -or $seconds -gt $limit) {
    Set-RegistryDword -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System' -Name 'InactivityTimeoutSecs' -Value $limit
    Set-Changed
    # Windows reads it when it starts.
    Set-RebootNeeded
    Add-Note -Text 'The limit holds from the next restart.'
}
