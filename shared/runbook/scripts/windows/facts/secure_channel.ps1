Set-StrictMode -Version 3.0
Add-HostFact
if (1, 3 -contains (Get-HostFact)['host.domain_role']) {
    $answer = 'no'
    if (Test-ComputerSecureChannel) {
        $answer = 'yes'
    }
    Add-Fact -Name 'secure_channel' -Value $answer
    Add-RegistryFact -Fact 'DisablePasswordChange' -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\Netlogon\Parameters' -Name 'DisablePasswordChange'
}
