package check

// ID names a check everywhere: on the wire, in policy, in evidence.
type ID string

// Checks that have a judge.
const (
	DiskSpace       ID = "disk_space"
	LinuxFirewall   ID = "linux_firewall"
	TimeSync        ID = "time_sync"
	PendingReboot   ID = "pending_reboot"
	SSHRootLogin    ID = "sshd_root_login"
	SysctlHardening ID = "sysctl_hardening"
)
