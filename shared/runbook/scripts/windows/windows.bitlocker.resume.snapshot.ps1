Set-StrictMode -Version 3.0
$saved = @(foreach ($volume in @(Find-CimInstance -Namespace 'root\CIMV2\Security\MicrosoftVolumeEncryption' -ClassName 'Win32_EncryptableVolume' -Property 'DeviceID', 'DriveLetter', 'ProtectionStatus')) {
    if ($volume.ProtectionStatus -eq 0) {
        $answer = Read-CimMethod -Namespace 'root\CIMV2\Security\MicrosoftVolumeEncryption' -ClassName 'Win32_EncryptableVolume' -Instance $volume -MethodName 'GetConversionStatus' -Arguments @{ PrecisionFactor = [uint32]0 }
        $restarts = Read-CimMethod -Namespace 'root\CIMV2\Security\MicrosoftVolumeEncryption' -ClassName 'Win32_EncryptableVolume' -Instance $volume -MethodName 'GetSuspendCount' -Arguments @{}
        if ($answer.ReturnValue -eq 0 -and $answer.ConversionStatus -eq 1 -and $restarts.ReturnValue -eq 0 -and $restarts.SuspendCount -eq 0) {
            $volume.DeviceID
        }
    }
})
if ($saved.Count -eq 0) {
    throw 'no encrypted volume is suspended'
}
Save-State -State ([ordered]@{ suspended = [string]::Join('|', $saved) })
