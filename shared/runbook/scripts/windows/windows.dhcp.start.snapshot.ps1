Set-StrictMode -Version 3.0
$service = Get-ServiceState -Name 'DHCPServer'
if ($null -eq $service) {
    throw 'the service DHCPServer is not installed'
}
if ($service['Start'] -eq 4) {
    throw 'the service is disabled, which somebody wanted'
}
Save-State -State ([ordered]@{ state = $service['State'] })
