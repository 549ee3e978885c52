Set-StrictMode -Version 3.0
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
$saved = Get-Saved -Name 'audit'
$words = @('disable', 'enable')
foreach ($name in $guids.Keys) {
    $had = $saved.PSObject.Properties[$name]
    if ($null -ne $had -and $null -ne $had.Value) {
        $code = Invoke-Program -Program 'auditpol.exe' -ArgumentList '/set', ('/subcategory:{' + $guids[$name] + '}'), ('/success:' + $words[[int]$had.Value -band 1]), ('/failure:' + $words[([int]$had.Value -shr 1) -band 1])
        if ($code -ne 0) {
            throw "auditpol ended with $code for $name"
        }
        Set-Changed
    }
}
# The log keeps its new size: shrinking it would throw events away.
