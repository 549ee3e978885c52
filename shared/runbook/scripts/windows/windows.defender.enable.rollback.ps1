Set-StrictMode -Version 3.0
if (Get-Saved -Name 'real_time_off') {
    Set-MpPreference -DisableRealtimeMonitoring $true
    Set-Changed
}
