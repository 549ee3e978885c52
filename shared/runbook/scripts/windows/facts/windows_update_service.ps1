Set-StrictMode -Version 3.0
# Event 20 of Windows Update is an installation that failed.
Add-HostFact
Add-ServiceFact -Fact 'service' -Name 'wuauserv', 'BITS', 'CryptSvc'
try {
    $failures = @(Find-Event -LogName 'System' -ProviderName 'Microsoft-Windows-WindowsUpdateClient' -Id 20 -Hours 168)
    Add-Fact -Name 'update_errors' -Value $failures.Count
} catch {
    Add-Fact -Name 'update_errors_error' -Value ('code ' + (Get-ErrorCode -Record $_))
}
$bytes = [long]0
foreach ($file in @(Get-ChildItem -LiteralPath "$env:SystemRoot\SoftwareDistribution\Download" -Recurse -File -Force -ErrorAction SilentlyContinue)) {
    $bytes += $file.Length
}
Add-Fact -Name 'cache_mb' -Value ([long][math]::Floor($bytes / 1048576))
