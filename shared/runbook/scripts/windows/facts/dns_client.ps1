Set-StrictMode -Version 3.0
Add-HostFact
$up = @(Find-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_NetworkAdapterConfiguration' -Property 'InterfaceIndex' -Filter 'IPEnabled=TRUE')
$indexes = @(foreach ($adapter in $up) { $adapter.InterfaceIndex })
foreach ($resolver in @(Find-CimInstance -Namespace 'root\StandardCimv2' -ClassName 'MSFT_DNSClientServerAddress' -Property 'InterfaceIndex', 'ServerAddresses')) {
    if ($indexes -contains $resolver.InterfaceIndex) {
        foreach ($address in $resolver.ServerAddresses) {
            Add-Row -Fact 'resolver' -Row ([ordered]@{ Interface = $resolver.InterfaceIndex; Address = $address })
        }
    }
}
