Set-StrictMode -Version 3.0
# The judge takes seconds, as the account database has them; secedit has minutes,
# -1 until somebody unlocks, and nothing where nothing locks.
Add-HostFact
$policy = Get-SecurityPolicy
$row = [ordered]@{ Threshold = $policy['LockoutBadCount']; Duration = 0; Window = 0 }
if ($policy.ContainsKey('LockoutDuration')) {
    $row['Duration'] = 4294967295
    if ($policy['LockoutDuration'] -ge 0) {
        $row['Duration'] = 60 * $policy['LockoutDuration']
    }
    $row['Window'] = 60 * $policy['ResetLockoutCount']
}
Add-Row -Fact 'rules' -Row $row
Add-Owner -Owner 'gpo' -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Group Policy\History\{827D319E-6EAC-11D2-A4EA-00C04F79F83A}\0' -Name 'GPOName'
Add-Owner -Owner 'mdm' -Path 'HKLM:\SOFTWARE\Microsoft\PolicyManager\current\device\DeviceLock' -Name 'AccountLockoutPolicy'
Add-Owner -Owner 'local'
