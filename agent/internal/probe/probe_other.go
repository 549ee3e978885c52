//go:build !linux && !windows && !darwin

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
func Checks() []check.ID { return []check.ID{check.DiskSpace} }

func (p *Probe) reader(id check.ID) func(context.Context) (check.Facts, error) {
	if id == check.DiskSpace {
		return p.readDisk
	}
	return nil
}
