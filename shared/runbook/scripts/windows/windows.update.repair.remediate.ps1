Set-StrictMode -Version 3.0
# What was downloaded comes again. The folder is Windows' own: only the system and
# administrators write there.
$update = Get-ServiceState -Name 'wuauserv'
$transfer = Get-ServiceState -Name 'BITS'
if ($null -eq $update -or $null -eq $transfer) {
    throw 'the service wuauserv or BITS is not installed'
}
if ($update['Start'] -eq 4) {
    Set-ServiceStart -Name 'wuauserv' -Start 3
    Set-Changed
}
if ($transfer['Start'] -eq 4) {
    Set-ServiceStart -Name 'BITS' -Start 3
    Set-Changed
}
# The orchestrator starts wuauserv again as soon as it stops.
$orchestrator = Get-ServiceState -Name 'UsoSvc'
$ran = $null -ne $orchestrator -and $orchestrator['State'] -eq 4
$kept = 0
try {
    if ($ran) {
        Stop-Service -Name 'UsoSvc' -Force -NoWait
        $null = Wait-ServiceState -Name 'UsoSvc' -State 1 -Seconds 60
    }
    Stop-Service -Name 'wuauserv' -Force -NoWait
    Stop-Service -Name 'BITS' -Force -NoWait
    if (-not (Wait-ServiceState -Name 'wuauserv' -State 1 -Seconds 120)) {
        Add-Note -Text 'wuauserv did not stop in two minutes.'
    }
    $null = Wait-ServiceState -Name 'BITS' -State 1 -Seconds 60
    # Whoever repaired by hand may have taken the folder away.
    foreach ($item in @(Get-ChildItem -LiteralPath "$env:SystemRoot\SoftwareDistribution\Download" -Force -ErrorAction SilentlyContinue)) {
        try {
            Remove-Item -LiteralPath "$env:SystemRoot\SoftwareDistribution\Download\$($item.Name)" -Recurse -Force
            Set-Changed
        } catch {
            $kept++
        }
    }
} finally {
    Start-Service -Name 'wuauserv'
    if ($transfer['State'] -eq 4) {
        Start-Service -Name 'BITS'
    }
    if ($ran) {
        Start-Service -Name 'UsoSvc'
    }
}
if ($kept -gt 0) {
    Add-Note -Text "$kept entries are in use and stay."
}
