Set-StrictMode -Version 3.0
Add-HostFact
$up = @(Find-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_NetworkAdapterConfiguration' -Property 'InterfaceIndex', 'TcpipNetbiosOptions' -Filter 'IPEnabled=TRUE')
foreach ($adapter in $up) {
    Add-Row -Fact 'adapter' -Row ([ordered]@{ Interface = $adapter.InterfaceIndex; NetBIOS = $adapter.TcpipNetbiosOptions })
}
