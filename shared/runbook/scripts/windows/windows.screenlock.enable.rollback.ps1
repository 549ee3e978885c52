Set-StrictMode -Version 3.0
Set-RegistryDword -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System' -Name 'InactivityTimeoutSecs' -Value (Get-Saved -Name 'seconds')
Set-Changed
