Set-StrictMode -Version 3.0
# The writers' states are told by vssadmin alone, in the language of Windows; what
# fails is logged as an error of VSS.
Add-HostFact
Add-ServiceFact -Fact 'service' -Name 'VSS', 'swprv'
try {
    $failures = @(Find-Event -LogName 'Application' -ProviderName 'VSS' -Level 2 -Hours 24)
    Add-Fact -Name 'vss_errors' -Value $failures.Count
} catch {
    Add-Fact -Name 'vss_errors_error' -Value ('code ' + (Get-ErrorCode -Record $_))
}
