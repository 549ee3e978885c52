Set-StrictMode -Version 3.0
if ($null -eq (Get-RegistryData -Path 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate' -Name 'WUServer')) {
    throw 'policy names no update server'
}
Save-State -State ([ordered]@{ had = $null -ne (Get-RegistryData -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate' -Name 'SusClientId') })
