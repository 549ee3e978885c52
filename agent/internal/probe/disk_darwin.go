package probe

import (
	"os"
	"syscall"
)

// dataVolume is where APFS keeps everything that grows; "/" is a sealed image
// on the same container since macOS 10.15.
const dataVolume = "/System/Volumes/Data"

func (p *Probe) volumes() ([]string, error) {
	if !p.live() {
		return []string{p.root}, nil
	}
	if _, err := os.Stat(dataVolume); err == nil {
		return []string{dataVolume}, nil
	}
	return []string{"/"}, nil
}

func volumeSize(mount string) (size, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(mount, &s); err != nil {
		return size{}, &os.PathError{Op: "statfs", Path: mount, Err: err}
	}
	unit := uint64(s.Bsize)
	return size{s.Blocks * unit, s.Bavail * unit}, nil
}
