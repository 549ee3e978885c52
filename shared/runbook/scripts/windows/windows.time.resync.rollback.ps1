Set-StrictMode -Version 3.0
$start = [int](Get-Saved -Name 'start')
if ((Get-ServiceState -Name 'W32Time')['Start'] -ne $start) {
    Set-ServiceStart -Name 'W32Time' -Start $start
    Set-Changed
}
if ([int](Get-Saved -Name 'state') -eq 1) {
    Stop-Service -Name 'W32Time' -Force
    Set-Changed
}
