Set-StrictMode -Version 3.0
# Nothing as the value removes it; Windows Update makes another at its next search.
Stop-Service -Name 'wuauserv' -Force
Set-RegistryDword -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate' -Name 'SusClientId' -Value $null
Set-RegistryDword -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate' -Name 'SusClientIdValidation' -Value $null
Set-Changed
Start-Service -Name 'wuauserv'
$updates = New-Object -ComObject 'Microsoft.Update.AutoUpdate'
$updates.DetectNow()
for ($i = 0; $i -lt 180; $i++) {
    if ($null -ne (Get-RegistryData -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate' -Name 'SusClientId')) {
        break
    }
    Start-Sleep -Seconds 1
}
