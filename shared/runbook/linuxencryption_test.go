package runbook_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/check"
)

// newDisks makes a server whose kernel shows a disk vda with vda1 and vda2. The
// tree below /sys/class/block is the kernel's (Debian 12, 2026-11), with folders
// where it has links into /sys/devices.
func newDisks(t *testing.T, mounts ...string) *server {
	t.Helper()
	s := newServer(t)
	s.program(t, "cryptsetup", `echo "/dev/mapper/$2 is active and is in use."; echo "  type:    LUKS2"; echo "  cipher:  $(cat @@/cipher)"`+"\n")
	s.put(t, "cipher", "aes-xts-plain64\n", 0o644)
	s.put(t, "proc/self/mountinfo", strings.Join(mounts, "\n")+"\n", 0o644)
	s.put(t, "proc/swaps", "Filename Type Size Used Priority\n", 0o644)
	s.device(t, "vda", "254:0", "")
	s.device(t, "vda1", "254:1", "")
	s.device(t, "vda2", "254:2", "")
	// A partition lies inside of its disk.
	for _, name := range []string{"vda1", "vda2"} {
		s.put(t, "sys/devices/vda/"+name+"/partition", "1\n", 0o644)
	}
	return s
}

// device makes a block device over others. dm is the mapping's UUID.
func (s *server) device(t *testing.T, name, number, dm string, below ...string) {
	t.Helper()
	real := "sys/devices/" + name
	if strings.HasPrefix(name, "vda") && name != "vda" {
		real = "sys/devices/vda/" + name
	}
	s.put(t, real+"/dev", number+"\n", 0o644)
	for _, one := range below {
		s.put(t, real+"/slaves/"+one, "", 0o644)
	}
	if dm != "" {
		s.put(t, real+"/dm/uuid", dm+"\n", 0o644)
		s.put(t, real+"/dm/name", name+"-name\n", 0o644)
	}
	for _, link := range []string{"sys/class/block/" + name, "sys/dev/block/" + number} {
		if err := os.Symlink(filepath.Join(s.root, real), filepath.Join(s.root, link)); err != nil {
			t.Fatal(err)
		}
	}
}

const (
	rootOnCrypt = "27 1 253:0 / / rw,relatime - ext4 /dev/mapper/root rw"
	rootOnLVM   = "27 1 253:1 / / rw,relatime - xfs /dev/mapper/vg-root rw"
	rootOnDisk  = "27 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw"
	bootOnDisk  = "28 27 254:2 / /boot rw,relatime - ext4 /dev/vda2 rw"
	luks        = "CRYPT-LUKS2-0123456789abcdef0123456789abcdef-vda1_crypt"
)

func TestVolumesAreEncryptedWhereEveryWayDownMeetsACipher(t *testing.T) {
	for _, test := range []struct {
		name   string
		mounts []string
		make   func(t *testing.T, s *server)
		want   string
		say    string
	}{
		{"a partition", []string{rootOnDisk}, nil, "fail high", "plain: /"},
		{"LUKS on a partition, boot beside it", []string{rootOnCrypt, bootOnDisk}, func(t *testing.T, s *server) { s.device(t, "dm-0", "253:0", luks, "vda1") }, "pass", "encrypted: /."},
		{"LVM on LUKS", []string{rootOnLVM}, func(t *testing.T, s *server) {
			s.device(t, "dm-0", "253:0", luks, "vda1")
			s.device(t, "dm-1", "253:1", "LVM-xyz", "dm-0")
		}, "pass", ""},
		{"LVM over an encrypted and a plain disk", []string{rootOnLVM}, func(t *testing.T, s *server) {
			s.device(t, "dm-0", "253:0", luks, "vda1")
			s.device(t, "dm-1", "253:1", "LVM-xyz", "dm-0", "vda2")
		}, "fail high", "plain: /"},
		{"RAID of plain disks below LUKS", []string{rootOnCrypt}, func(t *testing.T, s *server) {
			s.device(t, "md0", "9:0", "", "vda1", "vda2")
			s.device(t, "dm-0", "253:0", luks, "md0")
		}, "pass", ""},
		{"a signature is no cipher", []string{rootOnCrypt}, func(t *testing.T, s *server) { s.device(t, "dm-0", "253:0", "CRYPT-VERITY-0123-root", "vda1") }, "fail high", "plain: /"},
		{"the cipher that does nothing", []string{rootOnCrypt}, func(t *testing.T, s *server) {
			s.device(t, "dm-0", "253:0", luks, "vda1")
			s.put(t, "cipher", "cipher_null-ecb\n", 0o644)
		}, "fail high", "plain: /"},
		{"a cipher that nothing tells", []string{rootOnCrypt}, func(t *testing.T, s *server) {
			s.device(t, "dm-0", "253:0", luks, "vda1")
			s.gone(t, "cryptsetup")
		}, "unknown", "could not be told: /"},
		{"a device that the kernel does not show", []string{"27 1 8:99 / / rw - ext4 /dev/sdx rw"}, nil, "unknown", "could not be told"},
		{"a plain volume of data", []string{rootOnCrypt, "29 27 254:2 / /srv/my\\040data rw - xfs /dev/vda2 rw"}, func(t *testing.T, s *server) {
			s.device(t, "dm-0", "253:0", luks, "vda1")
		}, "fail high", "plain: /srv/my data"},
		{"shares and memory are no disks", []string{rootOnCrypt, "29 27 0:44 / /mnt rw - nfs4 server:/x rw", "30 27 0:45 / /run rw - tmpfs tmpfs rw"}, func(t *testing.T, s *server) {
			s.device(t, "dm-0", "253:0", luks, "vda1")
		}, "pass", ""},
		{"ZFS that encrypts", []string{"27 1 0:40 / / rw - zfs rpool/root rw"}, func(t *testing.T, s *server) { s.program(t, "zfs", "echo aes-256-gcm\n") }, "pass", ""},
		{"ZFS that does not", []string{"27 1 0:40 / / rw - zfs rpool/root rw"}, func(t *testing.T, s *server) { s.program(t, "zfs", "echo off\n") }, "fail high", ""},
		{"ZFS without its program", []string{"27 1 0:40 / / rw - zfs rpool/root rw"}, nil, "unknown", ""},
		{"btrfs over an encrypted and a plain disk", []string{"27 1 0:40 / / rw - btrfs @@/dev/dm-0 rw"}, func(t *testing.T, s *server) {
			s.device(t, "dm-0", "253:0", luks, "vda1")
			s.put(t, "dev/dm-0", "", 0o644)
			s.put(t, "sys/fs/btrfs/0-1/devices/dm-0", "", 0o644)
			s.put(t, "sys/fs/btrfs/0-1/devices/vda2", "", 0o644)
		}, "fail high", ""},
		{"btrfs on LUKS", []string{"27 1 0:40 /@ / rw - btrfs @@/dev/dm-0[/@] rw"}, func(t *testing.T, s *server) {
			s.device(t, "dm-0", "253:0", luks, "vda1")
			s.put(t, "dev/dm-0", "", 0o644)
			s.put(t, "sys/fs/btrfs/0-1/devices/dm-0", "", 0o644)
		}, "pass", ""},
		{"plain swap", []string{rootOnCrypt}, func(t *testing.T, s *server) {
			s.device(t, "dm-0", "253:0", luks, "vda1")
			s.put(t, "proc/swaps", "Filename Type Size Used Priority\n@@/dev/vda2 partition 1 0 -2\n/swap.img file 1 0 -3\n/dev/zram0 partition 1 0 100\n", 0o644)
			s.put(t, "dev/vda2", "", 0o644)
		}, "fail medium", "swap vda2"},
		{"nothing but memory is mounted", []string{"30 27 0:45 / /run rw - tmpfs tmpfs rw"}, nil, "unknown", "could not be told: /"},
		{"a root over another", []string{rootOnCrypt, "31 27 0:46 / / rw - overlay overlay rw,lowerdir=/x"}, func(t *testing.T, s *server) {
			s.device(t, "dm-0", "253:0", luks, "vda1")
		}, "unknown", "could not be told: /"},
		{"a file system that this does not know", []string{rootOnCrypt, "29 27 254:2 / /srv rw - ocfs2 /dev/vda2 rw"}, func(t *testing.T, s *server) {
			s.device(t, "dm-0", "253:0", luks, "vda1")
		}, "fail high", "plain: /srv"},
		{"an image that cannot be written", []string{rootOnCrypt, "29 27 7:1 / /snap/core/1 ro - squashfs /dev/loop1 ro"}, func(t *testing.T, s *server) {
			s.device(t, "dm-0", "253:0", luks, "vda1")
		}, "pass", ""},
		{"a container", []string{rootOnDisk}, func(t *testing.T, s *server) { s.put(t, "run/systemd/container", "lxc\n", 0o644) }, "not_applicable", "container"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newDisks(t, test.mounts...)
			if test.make != nil {
				test.make(t, s)
			}
			wants(t, s.judge(t, check.LinuxEncryption, nil), test.want, test.say)
		})
	}
}

func TestAVirtualMachineIsJudgedByWhatThePolicySays(t *testing.T) {
	yes := func(name string) (string, bool) { return "yes", name == "hypervisor" }
	for name, file := range map[string][2]string{
		"the firmware's name":    {"sys/class/dmi/id/sys_vendor", "QEMU\n"},
		"the processor's flag":   {"proc/cpuinfo", "flags\t\t: fpu vme hypervisor lahf_lm\n"},
		"a machine without name": {"sys/class/dmi/id/sys_vendor", "Dell Inc.\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newDisks(t, rootOnDisk)
			s.put(t, file[0], file[1], 0o644)
			wants(t, s.judge(t, check.LinuxEncryption, nil), "fail high", "plain")
			want := "not_applicable"
			if strings.HasPrefix(file[1], "Dell") {
				want = "fail high"
			}
			wants(t, s.judge(t, check.LinuxEncryption, yes), want, "")
		})
	}
}
