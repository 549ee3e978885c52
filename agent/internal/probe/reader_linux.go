package probe

import (
	"context"

	"github.com/osiriscare/osiris/shared/check"
)

// platform is what a probe keeps between readings.
type platform struct {
	low marks // of disk_space, which one reader at a time uses
}

// Checks are those that this system has readers for.
func Checks() []check.ID {
	return []check.ID{
		check.DiskSpace, check.LinuxFirewall, check.PendingReboot, check.RMMDetection,
		check.SSHRootLogin, check.SysctlHardening, check.TimeSync,
	}
}

func (p *Probe) reader(id check.ID) func(context.Context) (check.Facts, error) {
	switch id {
	case check.DiskSpace:
		return p.readDisk
	case check.LinuxFirewall:
		return p.readFirewall
	case check.PendingReboot:
		return p.readReboot
	case check.RMMDetection:
		return p.readRMM
	case check.SSHRootLogin:
		return p.readSSHD
	case check.SysctlHardening:
		return p.readSysctl
	case check.TimeSync:
		return p.readTime
	default:
		return nil
	}
}
