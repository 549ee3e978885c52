Set-StrictMode -Version 3.0
# Only whether it runs: while it does not, nothing answers for its settings
# (0x800106ba). What was turned on stays on.
$service = Get-ServiceState -Name 'WinDefend'
if ($null -eq $service) {
    throw 'Microsoft Defender is not installed'
}
Save-State -State ([ordered]@{ start = $service['Start']; state = $service['State'] })
