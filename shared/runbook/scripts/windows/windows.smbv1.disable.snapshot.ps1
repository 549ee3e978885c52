Set-StrictMode -Version 3.0
$driver = Get-ServiceState -Name 'mrxsmb10'
if ($null -ne $driver -and $driver['Start'] -ne 4) {
    throw 'the client speaks SMB version 1 too: removing the feature needs a person'
}
Save-State -State ([ordered]@{ smb1 = Get-RegistryData -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters' -Name 'SMB1' })
