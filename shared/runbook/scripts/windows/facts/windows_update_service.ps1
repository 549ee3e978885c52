Set-StrictMode -Version 3.0
# Event 20 of Windows Update is an installation that failed. What failed while the
# services were disabled is past once they are not (event 7040, whose fourth text is
# the service's name).
Add-HostFact
Add-ServiceFact -Fact 'service' -Name 'wuauserv', 'BITS', 'CryptSvc'
try {
    $since = [datetime]::Now.AddHours(-168)
    foreach ($change in @(Find-Event -LogName 'System' -ProviderName 'Service Control Manager' -Id 7040 -Hours 168)) {
        if ($change.Properties.Count -gt 3 -and $change.Properties[3].Value -eq 'wuauserv' -and $change.TimeCreated -gt $since) {
            $since = $change.TimeCreated
        }
    }
    $failures = @(Find-Event -LogName 'System' -ProviderName 'Microsoft-Windows-WindowsUpdateClient' -Id 20 -Hours 168 | Where-Object -FilterScript { $_.TimeCreated -ge $since })
    Add-Fact -Name 'update_errors' -Value $failures.Count
} catch {
    Add-Fact -Name 'update_errors_error' -Value ('code ' + (Get-ErrorCode -Record $_))
}
$bytes = [long]0
foreach ($file in @(Get-ChildItem -LiteralPath "$env:SystemRoot\SoftwareDistribution\Download" -Recurse -File -Force -ErrorAction SilentlyContinue)) {
    $bytes += $file.Length
}
Add-Fact -Name 'cache_mb' -Value ([long][math]::Floor($bytes / 1048576))
