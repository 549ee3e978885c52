Set-StrictMode -Version 3.0
$start = [int](Get-Saved -Name 'start')
if ((Get-ServiceState -Name 'Spooler')['Start'] -ne $start) {
    Set-ServiceStart -Name 'Spooler' -Start $start
    Set-Changed
}
if ([int](Get-Saved -Name 'state') -eq 4) {
    Start-Service -Name 'Spooler'
    Set-Changed
}
