Set-StrictMode -Version 3.0
$saved = Get-Saved -Name 'options'
foreach ($adapter in @(Find-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_NetworkAdapterConfiguration' -Property 'Index', 'InterfaceIndex', 'TcpipNetbiosOptions' -Filter 'IPEnabled=TRUE')) {
    $had = $saved.PSObject.Properties[[string]$adapter.Index]
    if ($null -ne $had -and $null -ne $had.Value -and $adapter.TcpipNetbiosOptions -ne [uint32]$had.Value) {
        $answer = Invoke-CimAction -Namespace 'root\cimv2' -ClassName 'Win32_NetworkAdapterConfiguration' -Instance $adapter -MethodName 'SetTcpipNetbios' -Arguments @{ TcpipNetbiosOptions = [uint32]$had.Value } -AnyAnswer
        # 1 is well, after a restart.
        if ($answer.ReturnValue -eq 1) {
            Set-RebootNeeded
        } elseif ($answer.ReturnValue -ne 0) {
            throw ('SetTcpipNetbios answers ' + [string]$answer.ReturnValue)
        }
        Set-Changed
    }
}
