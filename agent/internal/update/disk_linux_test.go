package update

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/wire"
)

// A disk of three quarters of what the update needs, in a name space of its own,
// so that nothing of the machine changes.
func TestAFullDiskLeavesTheOldProgramAndNothingElse(t *testing.T) {
	if os.Getenv("OSIRIS_SMALL_DISK") == "" {
		command := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		command.Env = append(os.Environ(), "OSIRIS_SMALL_DISK=yes")
		command.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		}
		out, err := command.CombinedOutput()
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) {
			t.Skipf("this kernel gives no name spaces: %v", err)
		}
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	for _, c := range []struct {
		name string
		size int // percent of a program beyond the one that is there
	}{
		{"while it downloads", 50},
		{"while it stages", 150},
		{"while it copies the old program", 250},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			disk := filepath.Join(t.TempDir(), "disk")
			if err := os.Mkdir(disk, 0o700); err != nil {
				t.Fatal(err)
			}
			size := len(r.old) + len(r.new)*c.size/100
			if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size="+strconv.Itoa(size)); err != nil {
				t.Skipf("no small disk here: %v", err)
			}
			t.Cleanup(func() {
				if err := syscall.Unmount(disk, syscall.MNT_DETACH); err != nil {
					t.Error(err)
				}
			})
			r.exe = filepath.Join(disk, "osiris-agent")
			r.update.Exe, r.update.Folder = r.exe, filepath.Join(disk, "update")
			err := errors.Join(os.WriteFile(r.exe, r.old, 0o755), os.Mkdir(r.update.Folder, 0o700))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.update.round(context.Background(), r.shelf); !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("round = %v; want a full disk", err)
			}
			r.nothingStaged()
			j := load(r.update.Folder)
			if j.former.State != wire.UpdateFailed || j.former.Failures != 1 {
				t.Errorf("the outcome is %+v; want one failure, kept", j.former)
			}
			if _, err := os.Stat(beside(r.exe, "old")); err == nil {
				t.Error("half a copy of the old program is left over")
			}
		})
	}
}
