Set-StrictMode -Version 3.0
Add-HostFact
try {
    foreach ($disk in @(Find-CimInstance -Namespace 'root\Microsoft\Windows\Storage' -ClassName 'MSFT_PhysicalDisk' -Property 'DeviceId', 'HealthStatus')) {
        Add-Row -Fact 'disk' -Row ([ordered]@{ Name = $disk.DeviceId; HealthStatus = $disk.HealthStatus })
    }
} catch {
    Add-Fact -Name 'disk_error' -Value ('code ' + (Get-ErrorCode -Record $_))
}
$health = @{}
foreach ($volume in @(Find-CimInstance -Namespace 'root\Microsoft\Windows\Storage' -ClassName 'MSFT_Volume' -Property 'DriveLetter', 'HealthStatus')) {
    $health[[string]$volume.DriveLetter + ':'] = $volume.HealthStatus
}
foreach ($volume in @(Find-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_Volume' -Property 'DriveLetter', 'DirtyBitSet' -Filter 'DriveType=3')) {
    if ($null -ne $volume.DriveLetter) {
        Add-Row -Fact 'volume' -Row ([ordered]@{ Name = $volume.DriveLetter; HealthStatus = $health[$volume.DriveLetter]; Dirty = [int][bool]$volume.DirtyBitSet })
    }
}
