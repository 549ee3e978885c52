Set-StrictMode -Version 3.0
$saved = Get-Saved -Name 'smb1'
$server = Get-ServiceState -Name 'LanmanServer'
if ($null -ne $server -and $server['State'] -eq 4) {
    $null = Invoke-CimAction -Namespace 'root\Microsoft\Windows\SMB' -ClassName 'MSFT_SmbServerConfiguration' -MethodName 'SetConfiguration' -Arguments @{ EnableSMB1Protocol = ($null -eq $saved -or $saved -ne 0) }
}
Set-RegistryDword -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters' -Name 'SMB1' -Value $saved
Set-Changed
