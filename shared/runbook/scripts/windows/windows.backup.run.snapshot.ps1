Set-StrictMode -Version 3.0
if (-not (Test-RegistryKey -Path 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree\Microsoft\Windows\Backup\Microsoft-Windows-WindowsBackup')) {
    throw 'no backup of Windows Server Backup is set up'
}
Save-State -State ([ordered]@{ asked = [datetime]::UtcNow.ToString('o', [cultureinfo]::InvariantCulture) })
