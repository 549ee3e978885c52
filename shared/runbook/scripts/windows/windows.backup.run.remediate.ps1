Set-StrictMode -Version 3.0
# Starts the job and waits for the event that tells its end: 4 that it is well, the
# others of the list that it is not, or only that it ended (14). A query of the log
# takes no more than about twenty ids, so they are picked here.
$ends = 4, 5, 8, 9, 14, 17, 22, 49, 50, 52, 100, 517, 518, 521, 527, 528, 544, 545, 546, 561, 564, 612
$begun = [datetime]::Now
$clock = [System.Diagnostics.Stopwatch]::StartNew()
Start-ScheduledTask -TaskPath '\Microsoft\Windows\Backup\' -TaskName 'Microsoft-Windows-WindowsBackup'
Set-Changed
$ended = $false
while (-not $ended -and $clock.Elapsed.TotalSeconds -lt 3300) {
    Start-Sleep -Seconds 10
    $mine = @(Find-Event -LogName 'Microsoft-Windows-Backup' -Hours 2 | Where-Object -FilterScript { $_.TimeCreated -gt $begun -and $ends -contains $_.Id })
    if ($mine.Count -gt 0) {
        $ended = $true
        Add-Note -Text ('The backup ended with event ' + [string]$mine[0].Id + '.')
    }
}
if (-not $ended) {
    Add-Note -Text 'The backup still runs.'
}
