Set-StrictMode -Version 3.0
# The spooler reads it when it starts. 2 keeps it from the network.
if ((Get-HostFact)['host.product_type'] -ne 1) {
    throw 'this is not for hosts of this role'
}
if ((Get-RegistryData -Path 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Printers' -Name 'RegisterSpoolerRemoteRpcEndPoint') -ne 2) {
    Set-RegistryDword -Path 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Printers' -Name 'RegisterSpoolerRemoteRpcEndPoint' -Value 2
    Set-Changed
}
$service = Get-ServiceState -Name 'Spooler'
if ($null -ne $service -and $service['State'] -eq 4) {
    Restart-Service -Name 'Spooler' -Force
}
