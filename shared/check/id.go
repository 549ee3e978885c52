package check

// ID names a check. It is issued here, lives for ever and is never reused.
type ID string

// The checks there are. The catalogue has a title, citation and advice for each.
const (
	DiskSpace       ID = "disk_space"
	LinuxFirewall   ID = "linux_firewall"
	TimeSync        ID = "time_sync"
	PendingReboot   ID = "pending_reboot"
	SSHRootLogin    ID = "sshd_root_login"
	SysctlHardening ID = "sysctl_hardening"
	RMMDetection    ID = "rmm_detection"

	Firewall         ID = "firewall"
	Defender         ID = "defender"
	Spooler          ID = "spooler"
	CriticalServices ID = "critical_services"
	GuestAccount     ID = "guest_account"
	SMBv1            ID = "smbv1"
	AuditPolicy      ID = "audit_policy"
	PasswordPolicy   ID = "password_policy"
	AccountLockout   ID = "account_lockout"
	BitLocker        ID = "bitlocker"
	Patches          ID = "patches"
	ScreenLock       ID = "screen_lock"

	FileVault      ID = "filevault"
	Gatekeeper     ID = "gatekeeper"
	MacAdmins      ID = "mac_admins"
	MacFirewall    ID = "mac_firewall"
	MacSharing     ID = "mac_sharing"
	RemoteLogin    ID = "remote_login"
	SIP            ID = "sip"
	SoftwareUpdate ID = "software_update"
	XProtect       ID = "xprotect"
)
