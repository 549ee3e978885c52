Set-StrictMode -Version 3.0
$adapters = @(Find-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_NetworkAdapterConfiguration' -Property 'InterfaceIndex', 'SettingID', 'DHCPEnabled' -Filter 'IPEnabled=TRUE')
foreach ($adapter in $adapters) {
    if ($adapter.DHCPEnabled) {
        Set-DnsClientServerAddress -InterfaceIndex $adapter.InterfaceIndex -ResetServerAddresses
        Set-Changed
    }
}
Clear-DnsClientCache
