Set-StrictMode -Version 3.0
$saved = Get-Saved -Name 'servers'
foreach ($member in $saved.PSObject.Properties) {
    Set-DnsClientServerAddress -InterfaceIndex ([uint32]$member.Name) -ServerAddresses ([string]$member.Value -split '[ ,]+')
    Set-Changed
}
Clear-DnsClientCache
