Set-StrictMode -Version 3.0
# The judge takes seconds, and 4294967295 for no limit, as the account database has
# them; secedit has days, and -1.
Add-HostFact
$policy = Get-SecurityPolicy
$age = 4294967295
if ($policy['MaximumPasswordAge'] -gt 0) {
    $age = 86400 * $policy['MaximumPasswordAge']
}
Add-Row -Fact 'rules' -Row ([ordered]@{
    MinLength = $policy['MinimumPasswordLength']
    MaxAge = $age
    MinAge = 86400 * $policy['MinimumPasswordAge']
    History = $policy['PasswordHistorySize']
})
Add-Owner -Owner 'gpo' -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Group Policy\History\{827D319E-6EAC-11D2-A4EA-00C04F79F83A}\0' -Name 'GPOName'
Add-Owner -Owner 'mdm' -Path 'HKLM:\SOFTWARE\Microsoft\PolicyManager\current\device\DeviceLock' -Name 'MinDevicePasswordLength'
Add-Owner -Owner 'local'
