Set-StrictMode -Version 3.0
if ((Get-HostFact)['host.product_type'] -ne 2) {
    throw 'this is not for hosts of this role'
}
$service = Get-ServiceState -Name 'Spooler'
if ($null -eq $service) {
    throw 'the service Spooler is not installed'
}
Save-State -State ([ordered]@{ start = $service['Start']; state = $service['State'] })
