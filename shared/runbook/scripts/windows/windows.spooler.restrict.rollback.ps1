Set-StrictMode -Version 3.0
Set-RegistryDword -Path 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Printers' -Name 'RegisterSpoolerRemoteRpcEndPoint' -Value (Get-Saved -Name 'endpoint')
Set-Changed
$service = Get-ServiceState -Name 'Spooler'
if ($null -ne $service -and $service['State'] -eq 4) {
    Restart-Service -Name 'Spooler' -Force
}
