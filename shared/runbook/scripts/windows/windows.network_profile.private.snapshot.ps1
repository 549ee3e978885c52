Set-StrictMode -Version 3.0
$public = @(foreach ($network in @(Find-CimInstance -Namespace 'root\StandardCimv2' -ClassName 'MSFT_NetConnectionProfile' -Property 'InterfaceIndex', 'NetworkCategory')) {
    if ($network.NetworkCategory -eq 0) {
        [string]$network.InterfaceIndex
    }
})
Save-State -State ([ordered]@{ public = [string]::Join(',', $public) })
