Set-StrictMode -Version 3.0
Add-RegistryKeyFact -Fact 'RebootRequired' -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired'
Add-RegistryKeyFact -Fact 'RebootPending' -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending'
Add-RegistryKeyFact -Fact 'RebootInProgress' -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootInProgress'
Add-RegistryKeyFact -Fact 'PackagesPending' -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\PackagesPending'
Add-RegistryFact -Fact 'JoinDomain' -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\Netlogon' -Name 'JoinDomain'
Add-RegistryFact -Fact 'AvoidSpnSet' -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\Netlogon' -Name 'AvoidSpnSet'
Add-RegistryFact -Fact 'ComputerName' -Path 'HKLM:\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName' -Name 'ComputerName'
Add-RegistryFact -Fact 'ActiveComputerName' -Path 'HKLM:\SYSTEM\CurrentControlSet\Control\ComputerName\ActiveComputerName' -Name 'ComputerName'
$renames = Get-RegistryData -Path 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager' -Name 'PendingFileRenameOperations'
if ($null -ne $renames) {
    Add-Fact -Name 'pending_renames' -Value @($renames -ne '').Count
}
