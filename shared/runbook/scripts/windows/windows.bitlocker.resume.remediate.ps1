Set-StrictMode -Version 3.0
# Only what is encrypted whole and suspended.
foreach ($volume in @(Find-CimInstance -Namespace 'root\CIMV2\Security\MicrosoftVolumeEncryption' -ClassName 'Win32_EncryptableVolume' -Property 'DeviceID', 'DriveLetter', 'ProtectionStatus')) {
    if ($volume.ProtectionStatus -eq 0) {
        $answer = Read-CimMethod -Namespace 'root\CIMV2\Security\MicrosoftVolumeEncryption' -ClassName 'Win32_EncryptableVolume' -Instance $volume -MethodName 'GetConversionStatus' -Arguments @{ PrecisionFactor = [uint32]0 }
        if ($answer.ReturnValue -eq 0 -and $answer.ConversionStatus -eq 1) {
            $null = Invoke-CimAction -Namespace 'root\CIMV2\Security\MicrosoftVolumeEncryption' -ClassName 'Win32_EncryptableVolume' -Instance $volume -MethodName 'EnableKeyProtectors'
            Set-Changed
        }
    }
}
