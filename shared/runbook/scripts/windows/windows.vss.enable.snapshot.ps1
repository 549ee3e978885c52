Set-StrictMode -Version 3.0
$service = Get-ServiceState -Name 'VSS'
$provider = Get-ServiceState -Name 'swprv'
if ($null -eq $service -or $null -eq $provider) {
    throw 'the service VSS or swprv is not installed'
}
if ($service['Start'] -ne 4 -and $provider['Start'] -ne 4) {
    throw 'the services are enabled: what fails needs a person'
}
Save-State -State ([ordered]@{ vss = $service['Start']; swprv = $provider['Start'] })
