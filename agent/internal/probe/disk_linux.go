package probe

import (
	"os"
	"syscall"
)

func (p *Probe) volumes() ([]string, error) {
	if !p.live() {
		return []string{p.root}, nil
	}
	f, err := os.Open("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	return parseMounts(f)
}

func volumeSize(mount string) (size, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(mount, &s); err != nil {
		return size{}, &os.PathError{Op: "statfs", Path: mount, Err: err}
	}
	unit := uint64(s.Bsize)
	return size{s.Blocks * unit, s.Bavail * unit}, nil
}
