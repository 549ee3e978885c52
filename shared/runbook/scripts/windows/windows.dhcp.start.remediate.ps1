Set-StrictMode -Version 3.0
if ((Get-ServiceState -Name 'DHCPServer')['State'] -ne 4) {
    Start-Service -Name 'DHCPServer'
    Set-Changed
}
if (-not (Wait-ServiceState -Name 'DHCPServer' -State 4 -Seconds 60)) {
    Add-Note -Text 'The service did not start in a minute.'
}
