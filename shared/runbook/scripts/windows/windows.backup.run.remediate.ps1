Set-StrictMode -Version 3.0
# Starts the job and waits for the event that tells its end: 4 that it is well, the
# others of the list that it is not, or only that it ended (14).
$begun = [datetime]::Now
Start-ScheduledTask -TaskPath '\Microsoft\Windows\Backup\' -TaskName 'Microsoft-Windows-WindowsBackup'
Set-Changed
for ($i = 0; $i -lt 340; $i++) {
    Start-Sleep -Seconds 10
    $ends = @(Find-Event -LogName 'Microsoft-Windows-Backup' -Id 4, 5, 8, 9, 14, 17, 22, 49, 50, 52, 100, 517, 518, 521, 527, 528, 544, 545, 546, 561, 564, 612 -Hours 2)
    $mine = @($ends | Where-Object -FilterScript { $_.TimeCreated -gt $begun })
    if ($mine.Count -gt 0) {
        Add-Note -Text ('The backup ended with event ' + [string]$mine[0].Id + '.')
        break
    }
}
