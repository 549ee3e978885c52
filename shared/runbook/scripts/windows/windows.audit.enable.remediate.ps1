Set-StrictMode -Version 3.0
# Adds what is asked for and takes nothing away. The log grows and never shrinks.
$guids = [ordered]@{
    account_lockout = '0CCE9217-69AE-11D9-BED3-505054503030'
    audit_policy_change = '0CCE922F-69AE-11D9-BED3-505054503030'
    authentication_policy_change = '0CCE9230-69AE-11D9-BED3-505054503030'
    credential_validation = '0CCE923F-69AE-11D9-BED3-505054503030'
    logoff = '0CCE9216-69AE-11D9-BED3-505054503030'
    logon = '0CCE9215-69AE-11D9-BED3-505054503030'
    process_creation = '0CCE922B-69AE-11D9-BED3-505054503030'
    security_group_management = '0CCE9237-69AE-11D9-BED3-505054503030'
    sensitive_privilege_use = '0CCE9228-69AE-11D9-BED3-505054503030'
    user_account_management = '0CCE9235-69AE-11D9-BED3-505054503030'
}
$policy = Get-AuditPolicy
$words = @('disable', 'enable')
foreach ($name in $guids.Keys) {
    $have = [int]$policy[$guids[$name]]
    $want = $have -bor [int](Get-Parameter -Name $name)
    if ($have -ne $want) {
        $code = Invoke-Program -Program 'auditpol.exe' -ArgumentList '/set', ('/subcategory:{' + $guids[$name] + '}'), ('/success:' + $words[$want -band 1]), ('/failure:' + $words[($want -shr 1) -band 1])
        if ($code -ne 0) {
            throw "auditpol ended with $code for $name"
        }
        Set-Changed
    }
}
$bytes = 1048576 * [long](Get-Parameter -Name 'min_log_mb')
if ($bytes -gt 4294901760) {
    throw 'the log cannot be that large'
}
$size = Get-RegistryData -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\EventLog\Security' -Name 'MaxSize'
if ($null -ne $size -and $size -lt $bytes) {
    Set-RegistryDword -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\EventLog\Security' -Name 'MaxSize' -Value $bytes
    Set-Changed
}
