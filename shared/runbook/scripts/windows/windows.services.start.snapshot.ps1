Set-StrictMode -Version 3.0
# What the host's role needs, as the judge of critical_services has it; DNS is
# needed wherever it is.
$role = (Get-HostFact)['host.domain_role']
$needed = @('EventLog', 'CryptSvc')
if (1, 3, 4, 5 -contains $role) {
    $needed += @('Netlogon', 'W32Time')
}
if (4, 5 -contains $role) {
    $needed += @('NTDS')
}
if ($null -ne (Get-ServiceState -Name 'DNS')) {
    $needed += @('DNS')
}
$states = [ordered]@{}
foreach ($name in $needed) {
    $service = Get-ServiceState -Name $name
    if ($null -eq $service -or $service['Start'] -eq 4) {
        throw 'a service that this host needs is missing or disabled, which needs a person'
    }
    $states[$name] = $service['State']
}
Save-State -State ([ordered]@{ states = $states })
