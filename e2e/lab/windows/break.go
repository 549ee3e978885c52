package windows

import "github.com/osiriscare/osiris/shared/runbook"

// Break is how a host that passes is made one that a runbook is for.
type Break struct {
	Runbook string
	// Role is of the host, any if empty; Alone is one in no domain.
	Role  string
	Alone bool
	// Model is what is set on a host of tools/winlab, by path.
	Model map[string]any
	// PowerShell does the same on a real host, as an administrator; Not says why
	// there is none.
	PowerShell string
	Not        string
}

const onlyPerson = "only a person can mend it, so it is not broken"

// Breaks has one for each runbook that has scripts for Windows. No PowerShell of it
// has run on a real host yet.
var Breaks = []Break{
	{
		Runbook: "windows.audit.enable", Model: map[string]any{"audit.logon": 0},
		PowerShell: `auditpol.exe /set '/subcategory:{0CCE9215-69AE-11D9-BED3-505054503030}' /success:disable /failure:disable`,
	},
	{
		Runbook: "windows.backup.run", Role: runbook.RoleServer, Model: map[string]any{"backup.age_hours": 200},
		Not: "a backup does not become old by a command",
	},
	{
		Runbook: "windows.bitlocker.resume", Role: runbook.RoleWorkstation, Model: map[string]any{"bitlocker.volumes.c.suspended": true},
		PowerShell: `Suspend-BitLocker -MountPoint $env:SystemDrive -RebootCount 0 | Out-Null`,
	},
	{
		Runbook: "windows.defender.enable", Role: runbook.RoleWorkstation, Model: map[string]any{"defender.real_time": false},
		PowerShell: `Set-MpPreference -DisableRealtimeMonitoring $true`,
	},
	{
		Runbook: "windows.dhcp.start", Role: runbook.RoleDomainController, Model: map[string]any{"services.DHCPServer.state": "stopped"},
		PowerShell: `Stop-Service -Name DHCPServer -Force`,
	},
	{
		Runbook: "windows.disk.clean", Model: map[string]any{"disk.temporary_mb": 190000},
		Not: "a disk that is filled endangers the host",
	},
	{
		Runbook: "windows.dns.start", Role: runbook.RoleDomainController, Model: map[string]any{"services.DNS.state": "stopped"},
		PowerShell: `Stop-Service -Name DNS -Force`,
	},
	{
		Runbook: "windows.dns_client.reset", Role: runbook.RoleWorkstation, Model: map[string]any{"network.adapters.5.static_dns": "8.8.8.8"},
		PowerShell: `Get-NetAdapter -Physical | Set-DnsClientServerAddress -ServerAddresses 8.8.8.8`,
	},
	{
		Runbook: "windows.firewall.enable", Model: map[string]any{"firewall.profiles.public.enabled": false},
		PowerShell: `Set-NetFirewallProfile -Profile Public -Enabled False`,
	},
	{
		Runbook: "windows.guest.disable", Role: runbook.RoleWorkstation, Model: map[string]any{"users.guest.disabled": false},
		PowerShell: `Get-LocalUser | Where-Object { $_.SID.Value -like 'S-1-5-21-*-501' } | Enable-LocalUser`,
	},
	{
		Runbook: "windows.netbios.disable", Model: map[string]any{"network.adapters.5.netbios": 1},
		PowerShell: `Get-CimInstance -ClassName Win32_NetworkAdapterConfiguration -Filter 'IPEnabled = TRUE' |
    Invoke-CimMethod -MethodName SetTcpipNetbios -Arguments @{ TcpipNetbiosOptions = [uint32]1 } | Out-Null`,
	},
	{
		Runbook: "windows.network_profile.private", Role: runbook.RoleServer, Alone: true, Model: map[string]any{"network.adapters.5.category": "public"},
		Not: "a public network may cut the road by which we came",
	},
	{
		Runbook: "windows.reboot.schedule", Model: map[string]any{"reboot.pending": true},
		Not: "a restart that Windows does not know of stays pending",
	},
	{
		Runbook: "windows.screenlock.enable", Role: runbook.RoleWorkstation, Model: map[string]any{"screen_lock.machine_seconds": 7200},
		PowerShell: `Set-ItemProperty -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System' -Name InactivityTimeoutSecs -Value 7200 -Type DWord`,
	},
	{
		Runbook: "windows.services.start", Model: map[string]any{"services.CryptSvc.state": "stopped"},
		PowerShell: `Stop-Service -Name CryptSvc -Force`,
	},
	{
		Runbook: "windows.smbv1.disable", Role: runbook.RoleServer, Model: map[string]any{"smb.server_smb1": true},
		PowerShell: `Set-SmbServerConfiguration -EnableSMB1Protocol $true -Force`,
	},
	{
		Runbook: "windows.spooler.disable", Role: runbook.RoleDomainController,
		Model:      map[string]any{"services.Spooler.start": "auto", "services.Spooler.state": "running"},
		PowerShell: `Set-Service -Name Spooler -StartupType Automatic; Start-Service -Name Spooler`,
	},
	{
		Runbook: "windows.spooler.restrict", Role: runbook.RoleWorkstation, Model: map[string]any{"spooler.remote_rpc": 0},
		PowerShell: `Remove-ItemProperty -Path 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Printers' -Name RegisterSpoolerRemoteRpcEndPoint -ErrorAction SilentlyContinue`,
	},
	{
		Runbook: "windows.time.resync", Model: map[string]any{"time.offset_ms": 600000},
		Not: "a clock that is wrong locks us out of a domain",
	},
	{
		Runbook: "windows.update.repair", Model: map[string]any{"services.wuauserv.start": "disabled"},
		PowerShell: `Set-Service -Name wuauserv -StartupType Disabled`,
	},
	{
		Runbook: "windows.vss.enable", Model: map[string]any{"services.VSS.start": "disabled"},
		PowerShell: `Set-Service -Name VSS -StartupType Disabled`,
	},
	{
		Runbook: "windows.wsus.reset", Model: map[string]any{"updates.wsus_server": "http://wsus.example:8530", "updates.wsus_registered": false},
		Not: "it needs an update server that forgets the host",
	},
	{Runbook: "windows.ad.review", Role: runbook.RoleDomainController, Model: map[string]any{"domain.replication_failures": 4}, Not: onlyPerson},
	{Runbook: "windows.bitlocker.review", Role: runbook.RoleWorkstation, Model: map[string]any{"bitlocker.volumes.c.encrypted": false}, Not: onlyPerson},
	{Runbook: "windows.lockout.review", Model: map[string]any{"lockout.threshold": 0}, Not: onlyPerson},
	{Runbook: "windows.network.review", Model: map[string]any{"network.adapters.5.received_errors": 90000}, Not: onlyPerson},
	{Runbook: "windows.password.review", Model: map[string]any{"password.min_length": 6}, Not: onlyPerson},
	{Runbook: "windows.patches.review", Model: map[string]any{"updates.pending_days": 60}, Not: onlyPerson},
	{Runbook: "windows.secure_channel.review", Role: runbook.RoleWorkstation, Model: map[string]any{"domain.secure_channel": false}, Not: onlyPerson},
	{Runbook: "windows.volume.review", Model: map[string]any{"disk.physical.0.health": 2}, Not: onlyPerson},
}
