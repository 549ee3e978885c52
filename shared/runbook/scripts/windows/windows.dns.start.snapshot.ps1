Set-StrictMode -Version 3.0
$service = Get-ServiceState -Name 'DNS'
if ($null -eq $service) {
    throw 'the service DNS is not installed'
}
if ($service['Start'] -eq 4) {
    throw 'the service is disabled, which somebody wanted'
}
Save-State -State ([ordered]@{ state = $service['State'] })
