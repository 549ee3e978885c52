Set-StrictMode -Version 3.0
# The writers' states are told by vssadmin alone, in the language of Windows; what
# fails is logged as an error of VSS. What failed before the services were set to
# start otherwise (event 7040, whose fourth text is the service's name) is past.
Add-HostFact
Add-ServiceFact -Fact 'service' -Name 'VSS', 'swprv'
try {
    $since = [datetime]::Now.AddHours(-24)
    foreach ($change in @(Find-Event -LogName 'System' -ProviderName 'Service Control Manager' -Id 7040 -Hours 24)) {
        if ($change.Properties.Count -gt 3 -and 'VSS', 'swprv' -contains $change.Properties[3].Value -and $change.TimeCreated -gt $since) {
            $since = $change.TimeCreated
        }
    }
    $failures = @(Find-Event -LogName 'Application' -ProviderName 'VSS' -Level 2 -Hours 24 | Where-Object -FilterScript { $_.TimeCreated -ge $since })
    Add-Fact -Name 'vss_errors' -Value $failures.Count
} catch {
    Add-Fact -Name 'vss_errors_error' -Value ('code ' + (Get-ErrorCode -Record $_))
}
