Set-StrictMode -Version 3.0
# The networks' names are people's words and not told.
Add-HostFact
foreach ($network in @(Find-CimInstance -Namespace 'root\StandardCimv2' -ClassName 'MSFT_NetConnectionProfile' -Property 'InterfaceIndex', 'NetworkCategory')) {
    Add-Row -Fact 'network' -Row ([ordered]@{ Interface = $network.InterfaceIndex; Category = $network.NetworkCategory })
}
