Set-StrictMode -Version 3.0
Set-RegistryDword -Path 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Printers' -Name 'RegisterSpoolerRemoteRpcEndPoint' -Value (Get-Saved -Name 'endpoint')
Set-Changed
if ((Get-ServiceState -Name 'Spooler')['State'] -eq 4) {
    Restart-Service -Name 'Spooler' -Force
}
