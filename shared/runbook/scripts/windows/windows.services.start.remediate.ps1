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
$needed += @('DNS')
foreach ($name in $needed) {
    $service = Get-ServiceState -Name $name
    if ($null -eq $service -or $service['Start'] -eq 4 -or $service['State'] -eq 4 -or $service['State'] -eq 2) {
        continue
    }
    # One that starts on a trigger may rest until it is needed; W32Time has one on
    # every Windows, and the clock of a domain may not rest.
    if ($service['Trigger'] -eq 1 -and $name -ne 'W32Time') {
        continue
    }
    Start-Service -Name $name
    Set-Changed
    if (-not (Wait-ServiceState -Name $name -State 4 -Seconds 30)) {
        Add-Note -Text "$name did not start in 30 seconds."
    }
}
