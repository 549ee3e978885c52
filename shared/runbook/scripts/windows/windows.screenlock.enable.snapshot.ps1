Set-StrictMode -Version 3.0
Save-State -State ([ordered]@{ seconds = Get-RegistryData -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System' -Name 'InactivityTimeoutSecs' })
