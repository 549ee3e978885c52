Set-StrictMode -Version 3.0
foreach ($adapter in @(Find-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_NetworkAdapterConfiguration' -Property 'Index', 'InterfaceIndex', 'TcpipNetbiosOptions' -Filter 'IPEnabled=TRUE')) {
    if ($adapter.TcpipNetbiosOptions -ne 2) {
        $answer = Invoke-CimAction -Namespace 'root\cimv2' -ClassName 'Win32_NetworkAdapterConfiguration' -Instance $adapter -MethodName 'SetTcpipNetbios' -Arguments @{ TcpipNetbiosOptions = [uint32]2 } -AnyAnswer
        # 1 is well, after a restart.
        if ($answer.ReturnValue -eq 1) {
            Set-RebootNeeded
        } elseif ($answer.ReturnValue -ne 0) {
            throw ('SetTcpipNetbios answers ' + [string]$answer.ReturnValue)
        }
        Set-Changed
    }
}
