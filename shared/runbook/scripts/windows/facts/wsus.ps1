Set-StrictMode -Version 3.0
# Policy names the server; the id that this computer has for it is nobody's setting,
# so policy is no reason against making another.
Add-HostFact
Add-Owner -Owner 'mdm' -Path 'HKLM:\SOFTWARE\Microsoft\PolicyManager\current\device\Update' -Name 'UpdateServiceUrl'
Add-Owner -Owner 'local'
Add-RegistryFact -Fact 'UseWUServer' -Path 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU' -Name 'UseWUServer'
Add-RegistryFact -Fact 'WUServer' -Path 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate' -Name 'WUServer'
if ($null -ne (Get-RegistryData -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate' -Name 'SusClientId')) {
    Add-Fact -Name 'SusClientId' -Value 'yes'
}
Add-Fact -Name 'search_age_hours' -Value (Get-UpdateSearchAge)
