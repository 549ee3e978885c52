Set-StrictMode -Version 3.0
# GUIDs of ntsecapi.h; each ends in -69AE-11D9-BED3-505054503030.
Add-HostFact
$names = [ordered]@{
    account_lockout = '0CCE9217'
    audit_policy_change = '0CCE922F'
    authentication_policy_change = '0CCE9230'
    credential_validation = '0CCE923F'
    logoff = '0CCE9216'
    logon = '0CCE9215'
    process_creation = '0CCE922B'
    security_group_management = '0CCE9237'
    sensitive_privilege_use = '0CCE9228'
    user_account_management = '0CCE9235'
}
$policy = Get-AuditPolicy
foreach ($name in $names.Keys) {
    $guid = $names[$name] + '-69AE-11D9-BED3-505054503030'
    if ($policy.ContainsKey($guid)) {
        Add-Row -Fact 'audit' -Row ([ordered]@{ Name = $name; Setting = $policy[$guid] })
    }
}
Add-RegistryFact -Fact 'SCENoApplyLegacyAuditPolicy' -Path 'HKLM:\SYSTEM\CurrentControlSet\Control\Lsa' -Name 'SCENoApplyLegacyAuditPolicy'
Add-RegistryFact -Fact 'log.MaxSize' -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\EventLog\Security' -Name 'MaxSize'
Add-RegistryFact -Fact 'policy.MaxSize' -Path 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\EventLog\Security' -Name 'MaxSize'
Add-RegistryFact -Fact 'log.Retention' -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\EventLog\Security' -Name 'Retention'
Add-RegistryFact -Fact 'log.AutoBackupLogFiles' -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\EventLog\Security' -Name 'AutoBackupLogFiles'
Add-Owner -Owner 'gpo' -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Group Policy\History\{F3CCC681-B74C-4060-9F26-CD84525DCA2A}\0' -Name 'GPOName'
Add-Owner -Owner 'mdm' -Path 'HKLM:\SOFTWARE\Microsoft\PolicyManager\current\device\Audit' -Name 'AccountLogonLogoff_AuditLogon'
Add-Owner -Owner 'local'
