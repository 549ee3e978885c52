Set-StrictMode -Version 3.0
# Tamper protection ignores changes without a word, so verify reads again.
$service = Get-ServiceState -Name 'WinDefend'
if ($null -eq $service) {
    throw 'Microsoft Defender is not installed'
}
if ($service['State'] -ne 4) {
    Start-Service -Name 'WinDefend'
    Set-Changed
}
if (-not (Wait-ServiceState -Name 'WinDefend' -State 4 -Seconds 15)) {
    Add-Note -Text 'WinDefend did not start in 15 seconds.'
}
# It answers some seconds after it runs.
for ($i = 0; $i -lt 20; $i++) {
    try {
        Set-MpPreference -DisableRealtimeMonitoring $false
        Set-Changed
        break
    } catch {
        if ($i -eq 19) {
            throw
        }
        Start-Sleep -Seconds 1
    }
}
# The signatures are asked for and waited for as long as the phase may take: on a
# slow line they come later, or never.
$asked = $false
for ($i = 0; $i -lt 40; $i++) {
    $status = Find-CimInstance -Namespace 'root\Microsoft\Windows\Defender' -ClassName 'MSFT_MpComputerStatus' -Property 'RealTimeProtectionEnabled', 'AntivirusSignatureAge'
    $old = $status.AntivirusSignatureAge -gt 3
    if ($old -and -not $asked) {
        $asked = $true
        try {
            $null = Update-MpSignature -AsJob
            Set-Changed
        } catch {
            Add-Note -Text ('The signatures could not be updated: ' + (Get-ErrorCode -Record $_))
        }
    }
    if ($status.RealTimeProtectionEnabled -and (-not $old -or $i -ge 30)) {
        break
    }
    Start-Sleep -Seconds 1
}
if ($status.AntivirusSignatureAge -gt 3) {
    Add-Note -Text 'The signatures are still old.'
}
