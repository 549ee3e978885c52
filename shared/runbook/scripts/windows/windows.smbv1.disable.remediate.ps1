Set-StrictMode -Version 3.0
# The running server takes it at once; the value holds where it does not run.
$server = Get-ServiceState -Name 'LanmanServer'
if ($null -ne $server -and $server['State'] -eq 4) {
    $null = Invoke-CimAction -Namespace 'root\Microsoft\Windows\SMB' -ClassName 'MSFT_SmbServerConfiguration' -MethodName 'SetConfiguration' -Arguments @{ EnableSMB1Protocol = $false }
    Set-Changed
}
if ((Get-RegistryData -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters' -Name 'SMB1') -ne 0) {
    Set-RegistryDword -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters' -Name 'SMB1' -Value 0
    Set-Changed
}
