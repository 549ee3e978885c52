Set-StrictMode -Version 3.0
# Whoever is logged on has a hive below HKU, by SID: accounts of this machine and
# of domains (S-1-5-21), of Entra ID (S-1-12-1). This account's own says nothing.
Add-Owner -Owner 'mdm' -Path 'HKLM:\SOFTWARE\Microsoft\PolicyManager\current\device\DeviceLock' -Name 'MaxInactivityTimeDeviceLock'
Add-RegistryFact -Fact 'InactivityTimeoutSecs' -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System' -Name 'InactivityTimeoutSecs'
Add-RegistryFact -Fact 'MaxInactivityTimeDeviceLock' -Path 'HKLM:\SOFTWARE\Microsoft\PolicyManager\current\device\DeviceLock' -Name 'MaxInactivityTimeDeviceLock'
Add-RegistryFact -Fact 'DisableLockWorkstation' -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System' -Name 'DisableLockWorkstation'
foreach ($kind in 'policy', 'preference', 'lock') {
    foreach ($sid in @(Get-RegistryKeyName -Path 'HKU:\')) {
        # The account that asks is not somebody at the console.
        if ($sid -notmatch '^S-1-(5-21|12-1)-[0-9-]+$' -or $sid -eq [System.Security.Principal.WindowsIdentity]::GetCurrent().User.Value) {
            continue
        }
        $row = [ordered]@{ Sid = $sid }
        if ($kind -eq 'lock') {
            $row['DisableLockWorkstation'] = Get-RegistryData -Path "HKU:\$sid\Software\Microsoft\Windows\CurrentVersion\Policies\System" -Name 'DisableLockWorkstation'
        } elseif ($kind -eq 'policy') {
            $row['ScreenSaveActive'] = Get-RegistryData -Path "HKU:\$sid\Software\Policies\Microsoft\Windows\Control Panel\Desktop" -Name 'ScreenSaveActive'
            $row['ScreenSaverIsSecure'] = Get-RegistryData -Path "HKU:\$sid\Software\Policies\Microsoft\Windows\Control Panel\Desktop" -Name 'ScreenSaverIsSecure'
            $row['ScreenSaveTimeOut'] = Get-RegistryData -Path "HKU:\$sid\Software\Policies\Microsoft\Windows\Control Panel\Desktop" -Name 'ScreenSaveTimeOut'
            if (@(@($row.Values) -ne $null).Count -gt 1 -and -not (Test-Fact -Name 'owner')) {
                Add-Fact -Name 'owner' -Value 'gpo'
            }
        } else {
            $row['ScreenSaveActive'] = Get-RegistryData -Path "HKU:\$sid\Control Panel\Desktop" -Name 'ScreenSaveActive'
            $row['ScreenSaverIsSecure'] = Get-RegistryData -Path "HKU:\$sid\Control Panel\Desktop" -Name 'ScreenSaverIsSecure'
            $row['ScreenSaveTimeOut'] = Get-RegistryData -Path "HKU:\$sid\Control Panel\Desktop" -Name 'ScreenSaveTimeOut'
        }
        Add-Row -Fact $kind -Row $row
    }
}
Add-ResultantOwner -ClassName 'RSOP_RegistryValue' -Filter "Path LIKE '%InactivityTimeoutSecs'"
Add-Owner -Owner 'local'
