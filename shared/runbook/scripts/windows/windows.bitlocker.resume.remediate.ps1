Set-StrictMode -Version 3.0
# Only what is encrypted whole and suspended for good: what installs firmware
# suspends for some restarts, and a resumption before them makes the next one ask
# for the recovery key.
foreach ($volume in @(Find-CimInstance -Namespace 'root\CIMV2\Security\MicrosoftVolumeEncryption' -ClassName 'Win32_EncryptableVolume' -Property 'DeviceID', 'DriveLetter', 'ProtectionStatus')) {
    if ($volume.ProtectionStatus -eq 0) {
        $answer = Read-CimMethod -Namespace 'root\CIMV2\Security\MicrosoftVolumeEncryption' -ClassName 'Win32_EncryptableVolume' -Instance $volume -MethodName 'GetConversionStatus' -Arguments @{ PrecisionFactor = [uint32]0 }
        $restarts = Read-CimMethod -Namespace 'root\CIMV2\Security\MicrosoftVolumeEncryption' -ClassName 'Win32_EncryptableVolume' -Instance $volume -MethodName 'GetSuspendCount' -Arguments @{}
        if ($answer.ReturnValue -eq 0 -and $answer.ConversionStatus -eq 1 -and $restarts.ReturnValue -eq 0 -and $restarts.SuspendCount -eq 0) {
            $null = Invoke-CimAction -Namespace 'root\CIMV2\Security\MicrosoftVolumeEncryption' -ClassName 'Win32_EncryptableVolume' -Instance $volume -MethodName 'EnableKeyProtectors'
            Set-Changed
        }
    }
}
