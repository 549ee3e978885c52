Set-StrictMode -Version 3.0
$service = Get-ServiceState -Name 'WinDefend'
if ($null -eq $service) {
    throw 'Microsoft Defender is not installed'
}
$preference = Find-CimInstance -Namespace 'root\Microsoft\Windows\Defender' -ClassName 'MSFT_MpPreference' -Property 'DisableRealtimeMonitoring'
Save-State -State ([ordered]@{ start = $service['Start']; real_time_off = [bool]$preference.DisableRealtimeMonitoring })
