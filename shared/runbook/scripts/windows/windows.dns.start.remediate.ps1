Set-StrictMode -Version 3.0
if ((Get-ServiceState -Name 'DNS')['State'] -ne 4) {
    Start-Service -Name 'DNS'
    Set-Changed
}
if (-not (Wait-ServiceState -Name 'DNS' -State 4 -Seconds 60)) {
    Add-Note -Text 'The service did not start in a minute.'
}
