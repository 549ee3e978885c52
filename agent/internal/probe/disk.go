package probe

import (
	"bufio"
	"io"
	"strconv"
	"strings"

	"github.com/osiriscare/osiris/shared/check"
)

// size is what a file system says about itself.
type size struct{ total, free uint64 }

// rise is the share of a volume, in percent, that free space must gain before a
// shortage is over: a volume at the limit would report at every run.
const rise = 2

// marks are the least free space of each volume since it last gained rise.
type marks []struct {
	volume string
	free   uint64
}

// add gives a volume's fact and, while it is lower than what is free now, the
// mark's. A size of 0 is a volume that could not be read.
func (m *marks) add(facts *check.Facts, volume string, s *size) {
	facts.Add(check.FactVolume, volumeText(s.total, s.free, volume))
	if s.total == 0 {
		return
	}
	i := 0
	for i < len(*m) && (*m)[i].volume != volume {
		i++
	}
	if i == len(*m) {
		*m = append(*m, struct {
			volume string
			free   uint64
		}{volume, s.free})
	}
	low := &(*m)[i].free
	if s.free < *low || s.free-*low >= s.total/100*rise {
		*low = s.free
	}
	if *low < s.free {
		facts.Add(check.FactVolumeLow, volumeText(s.total, *low, volume))
	}
}

func volumeText(total, free uint64, volume string) string {
	return strconv.FormatUint(total, 10) + " " + strconv.FormatUint(free, 10) + " " + volume
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
