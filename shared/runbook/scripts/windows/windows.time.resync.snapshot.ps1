Set-StrictMode -Version 3.0
$service = Get-ServiceState -Name 'W32Time'
if ($null -eq $service) {
    throw 'the service W32Time is not installed'
}
Save-State -State ([ordered]@{ start = $service['Start']; state = $service['State'] })
