Set-StrictMode -Version 3.0
$saved = @(foreach ($volume in @(Find-CimInstance -Namespace 'root\CIMV2\Security\MicrosoftVolumeEncryption' -ClassName 'Win32_EncryptableVolume' -Property 'DeviceID', 'DriveLetter', 'ProtectionStatus')) {
    if ($volume.ProtectionStatus -eq 0) {
        $answer = Read-CimMethod -Namespace 'root\CIMV2\Security\MicrosoftVolumeEncryption' -ClassName 'Win32_EncryptableVolume' -Instance $volume -MethodName 'GetConversionStatus' -Arguments @{ PrecisionFactor = [uint32]0 }
        if ($answer.ReturnValue -eq 0 -and $answer.ConversionStatus -eq 1) {
            $volume.DeviceID
        }
    }
})
if ($saved.Count -eq 0) {
    throw 'no encrypted volume is suspended'
}
Save-State -State ([ordered]@{ suspended = [string]::Join('|', $saved) })
