Set-StrictMode -Version 3.0
if ((Get-HostFact)['host.product_type'] -ne 2) {
    throw 'this is not for hosts of this role'
}
$service = Get-ServiceState -Name 'Spooler'
if ($null -eq $service) {
    throw 'the service Spooler is not installed'
}
if ($service['Start'] -ne 4) {
    Set-ServiceStart -Name 'Spooler' -Start 4
    Set-Changed
}
if ($service['State'] -ne 1) {
    Stop-Service -Name 'Spooler' -Force
    Set-Changed
}
