Set-StrictMode -Version 3.0
# The offset is measured by the appliance, which adds it; what policy sets goes
# before what the computer sets.
Add-HostFact
Add-ServiceFact -Fact 'service' -Name 'W32Time'
Add-RegistryFact -Fact 'Type' -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\W32Time\Parameters' -Name 'Type'
Add-RegistryFact -Fact 'NtpServer' -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\W32Time\Parameters' -Name 'NtpServer'
Add-RegistryFact -Fact 'NtpClient.Enabled' -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\W32Time\TimeProviders\NtpClient' -Name 'Enabled'
Add-RegistryFact -Fact 'policy.Type' -Path 'HKLM:\SOFTWARE\Policies\Microsoft\W32Time\Parameters' -Name 'Type'
Add-RegistryFact -Fact 'policy.NtpServer' -Path 'HKLM:\SOFTWARE\Policies\Microsoft\W32Time\Parameters' -Name 'NtpServer'
Add-RegistryFact -Fact 'policy.NtpClient.Enabled' -Path 'HKLM:\SOFTWARE\Policies\Microsoft\W32Time\TimeProviders\NtpClient' -Name 'Enabled'
Add-RegistryFact -Fact 'Domain' -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters' -Name 'Domain'
Add-Owner -Owner 'gpo' -Path 'HKLM:\SOFTWARE\Policies\Microsoft\W32Time\Parameters' -Name 'Type'
Add-Owner -Owner 'gpo' -Path 'HKLM:\SOFTWARE\Policies\Microsoft\W32Time\Parameters' -Name 'NtpServer'
Add-Owner -Owner 'gpo' -Path 'HKLM:\SOFTWARE\Policies\Microsoft\W32Time\TimeProviders\NtpClient' -Name 'Enabled'
Add-Owner -Owner 'local'
