Set-StrictMode -Version 3.0
# Windows Server Backup says in its log that one ended well (event 4), products of
# Veeam by event 190 at the level of information. The numbers are unconfirmed: no
# page of either vendor was found that lists them (2026-11-22).
Add-HostFact
$week = 24 * 31
$products = @(
    @{ Name = 'Windows Server Backup'; Events = @(Find-Event -LogName 'Microsoft-Windows-Backup' -Id 4 -Hours $week); SetUp = (Test-RegistryKey -Path 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree\Microsoft\Windows\Backup\Microsoft-Windows-WindowsBackup') }
    @{ Name = 'Veeam Agent'; Events = @(Find-Event -LogName 'Veeam Agent' -Id 190 -Level 4 -Hours $week); SetUp = ($null -ne (Get-ServiceState -Name 'VeeamEndpointBackupSvc')) }
    @{ Name = 'Veeam Backup'; Events = @(Find-Event -LogName 'Veeam Backup' -Id 190 -Level 4 -Hours $week); SetUp = ($null -ne (Get-ServiceState -Name 'VeeamBackupSvc')) }
)
foreach ($product in $products) {
    $row = [ordered]@{ Product = $product['Name'] }
    if ($product['Events'].Count -gt 0) {
        $row['AgeHours'] = [int][math]::Floor(([datetime]::Now - $product['Events'][0].TimeCreated).TotalHours)
    }
    if ($product['SetUp'] -or $row.Contains('AgeHours')) {
        Add-Row -Fact 'backup' -Row $row
    }
}
