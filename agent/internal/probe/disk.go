package probe

import (
	"bufio"
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/osiriscare/osiris/shared/check"
)

// volumeLimit bounds the volumes of one report; a host with more is a server
// whose storage is watched elsewhere.
const volumeLimit = 24

// size is what a file system says about itself.
type size struct{ total, free uint64 }

func (p *Probe) readDisk(ctx context.Context) (check.Facts, error) {
	mounts, err := p.volumes()
	if err != nil {
		return nil, err
	}
	var facts check.Facts
	for i, mount := range mounts {
		if i == volumeLimit || ctx.Err() != nil {
			break
		}
		s, err := volumeSize(mount)
		if err != nil && i == 0 {
			return nil, err
		}
		if err != nil {
			s = size{} // locked or gone: the judge says it could not be read
		}
		name := mount
		if i == 0 && !p.live() {
			name = "/" // the root folder's own path would tell where a test runs
		}
		facts.Add(check.FactVolume,
			strconv.FormatUint(s.total, 10)+" "+strconv.FormatUint(s.free, 10)+" "+name)
	}
	return facts, nil //nolint:nilerr // the judge sees the volume that could not be read
}

// localTypes are file systems on a disk of this machine. Others are in memory,
// on the network, or read-only images.
const localTypes = " ext2 ext3 ext4 xfs btrfs zfs f2fs jfs reiserfs bcachefs overlay apfs ntfs3 vfat "

// parseMounts picks the mount points of local disks out of /proc/self/mounts,
// "/" first, each device once (bind mounts repeat it).
func parseMounts(r io.Reader) ([]string, error) {
	mounts := []string{"/"}
	seen := map[string]bool{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || !strings.Contains(localTypes, " "+fields[2]+" ") {
			continue
		}
		device, mount := fields[0], unescapeMount(fields[1])
		if mount == "/" {
			seen[device] = true
			continue
		}
		// Container engines mount an overlay per container on the same disk.
		if fields[2] == "overlay" || seen[device] || strings.HasPrefix(fields[3], "ro,") {
			continue
		}
		seen[device] = true
		mounts = append(mounts, mount)
	}
	return mounts, lines.Err()
}

// unescapeMount decodes the octal escapes of proc_mounts(5): \040 is a space.
func unescapeMount(s string) string {
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				out = append(out, byte(n))
				i += 3
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}
