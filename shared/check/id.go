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
)
