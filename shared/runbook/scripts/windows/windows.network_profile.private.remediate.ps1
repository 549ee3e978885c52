Set-StrictMode -Version 3.0
foreach ($network in @(Find-CimInstance -Namespace 'root\StandardCimv2' -ClassName 'MSFT_NetConnectionProfile' -Property 'InterfaceIndex', 'NetworkCategory')) {
    if ($network.NetworkCategory -eq 0) {
        Set-NetConnectionProfile -InterfaceIndex $network.InterfaceIndex -NetworkCategory 'Private'
        Set-Changed
    }
}
