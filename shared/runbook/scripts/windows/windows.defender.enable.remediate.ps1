Set-StrictMode -Version 3.0
# Tamper protection ignores changes without a word, so verify reads again. The
# signatures are asked for, not waited for: that can take minutes.
if ((Get-ServiceState -Name 'WinDefend')['State'] -ne 4) {
    Start-Service -Name 'WinDefend'
    Set-Changed
}
if (-not (Wait-ServiceState -Name 'WinDefend' -State 4 -Seconds 20)) {
    Add-Note -Text 'WinDefend did not start in 20 seconds.'
}
Set-MpPreference -DisableRealtimeMonitoring $false
Set-Changed
$status = Find-CimInstance -Namespace 'root\Microsoft\Windows\Defender' -ClassName 'MSFT_MpComputerStatus' -Property 'AntivirusSignatureAge'
if ($status.AntivirusSignatureAge -gt 3) {
    try {
        Update-MpSignature
    } catch {
        Add-Note -Text ('The signatures could not be updated: ' + (Get-ErrorCode -Record $_))
    }
}
# Defender takes some seconds to come on.
for ($i = 0; $i -lt 15; $i++) {
    $status = Find-CimInstance -Namespace 'root\Microsoft\Windows\Defender' -ClassName 'MSFT_MpComputerStatus' -Property 'RealTimeProtectionEnabled'
    if ($status.RealTimeProtectionEnabled) {
        break
    }
    Start-Sleep -Seconds 1
}
