Set-StrictMode -Version 3.0
Add-HostFact
$counters = @{}
foreach ($counter in @(Find-CimInstance -Namespace 'root\StandardCimv2' -ClassName 'MSFT_NetAdapterStatisticsSettingData' -Property 'Name', 'ReceivedPacketErrors', 'OutboundPacketErrors')) {
    $counters[$counter.Name] = $counter
}
# 1 is up.
foreach ($adapter in @(Find-CimInstance -Namespace 'root\StandardCimv2' -ClassName 'MSFT_NetAdapter' -Property 'Name', 'InterfaceIndex', 'InterfaceOperationalStatus' -Filter 'InterfaceOperationalStatus=1 AND HardwareInterface=TRUE')) {
    $counter = $counters[$adapter.Name]
    if ($null -ne $counter) {
        Add-Row -Fact 'adapter' -Row ([ordered]@{ Interface = $adapter.InterfaceIndex; ReceivedErrors = $counter.ReceivedPacketErrors; SentErrors = $counter.OutboundPacketErrors })
    }
}
