Set-StrictMode -Version 3.0
$saved = [ordered]@{}
foreach ($adapter in @(Find-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_NetworkAdapterConfiguration' -Property 'Index', 'InterfaceIndex', 'TcpipNetbiosOptions' -Filter 'IPEnabled=TRUE')) {
    $saved[[string]$adapter.Index] = $adapter.TcpipNetbiosOptions
}
Save-State -State ([ordered]@{ options = $saved })
