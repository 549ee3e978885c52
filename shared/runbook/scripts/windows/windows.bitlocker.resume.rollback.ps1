Set-StrictMode -Version 3.0
$suspended = ([string](Get-Saved -Name 'suspended')).Split('|')
foreach ($volume in @(Find-CimInstance -Namespace 'root\CIMV2\Security\MicrosoftVolumeEncryption' -ClassName 'Win32_EncryptableVolume' -Property 'DeviceID', 'DriveLetter', 'ProtectionStatus')) {
    if ($suspended -contains $volume.DeviceID -and $volume.ProtectionStatus -eq 1) {
        $null = Invoke-CimAction -Namespace 'root\CIMV2\Security\MicrosoftVolumeEncryption' -ClassName 'Win32_EncryptableVolume' -Instance $volume -MethodName 'DisableKeyProtectors' -Arguments @{ DisableCount = [uint32]0 }
        Set-Changed
    }
}
