package runbook_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/check"
)

// newModes makes a server whose files are root's, whoever runs the test.
func newModes(t *testing.T) *server {
	t.Helper()
	s := newServer(t)
	path, err := exec.LookPath("stat")
	if err != nil {
		t.Fatal(err)
	}
	uid, gid := strconv.Itoa(os.Getuid()), strconv.Itoa(os.Getgid())
	s.program(t, "stat", path+` "$@" | sed -e 's/^`+uid+" "+gid+` \([0-7]*\) [^/]*$/0 0 \1 root/' -e 's/^\([0-7]*\) `+uid+" "+gid+` /\1 0 0 /' -e 's/^\([0-7]*\) `+uid+`$/\1 0/' -e 's/^`+uid+`$/0/'`+"\n")
	find, err := exec.LookPath("find")
	if err != nil {
		t.Fatal(err)
	}
	s.program(t, "find", `for word; do
  shift
  if [ "$word" = 0 ]; then word=`+uid+`; fi
  set -- "$@" "$word"
done
exec `+find+` "$@"`+"\n")
	s.program(t, "chown", `echo "chown $*" >>@@/calls`+"\n")
	for name, mode := range map[string]os.FileMode{
		"etc/passwd": 0o644, "etc/group": 0o644, "etc/shadow": 0o640, "etc/gshadow": 0o000, "etc/sudoers": 0o440, "etc/crontab": 0o644,
		"etc/ssh/sshd_config": 0o644, "etc/ssh/ssh_host_rsa_key": 0o600, "etc/cron.d/own": 0o644, "root/.ssh/authorized_keys": 0o600,
	} {
		s.put(t, name, "x\n", mode)
	}
	return s
}

func TestPermissionsAreBrokenFoundMendedAndPutBack(t *testing.T) {
	s := newModes(t)
	wants(t, s.judge(t, check.LinuxPermissions, nil), "pass", "")
	broken := map[string]os.FileMode{
		"etc/shadow": 0o644, "etc/passwd": 0o666, "etc/cron.d/own": 0o664, "etc/ssh/ssh_host_rsa_key": 0o640, "root/.ssh/authorized_keys": 0o622,
		"etc/an app/sta\\te;x": 0o666, "etc/cron.daily/backup": 0o775, "etc/pam.d/su": 0o666, "etc/systemd/system/x.service.d/a.conf": 0o664,
	}
	for name, mode := range broken {
		s.put(t, name, "x\n", mode)
	}
	if err := os.Chmod(s.root+"/etc/an app", 0o777); err != nil {
		t.Fatal(err)
	}
	v := s.judge(t, check.LinuxPermissions, nil)
	wants(t, v, "fail high", "others write")
	if n, _ := v.Facts.Get(check.FactWorldWritableCount); n != "4" {
		t.Errorf("%s files below /etc may be written by anybody; want 4: %v", n, v.Facts)
	}
	snapshot := s.phase(t, "linux.permissions.restrict", "snapshot", nil, nil)
	if !snapshot.OK {
		t.Fatalf("snapshot: %+v", snapshot)
	}
	for i := range 2 { // the second finds nothing to do
		if o := s.phase(t, "linux.permissions.restrict", "remediate", nil, nil); !o.OK || o.Changed != (i == 0) {
			t.Fatalf("remediate: %+v", o)
		}
	}
	wants(t, s.judge(t, check.LinuxPermissions, nil), "pass", "")
	for name, want := range map[string]os.FileMode{"etc/shadow": 0o640, "etc/gshadow": 0, "etc/passwd": 0o644, "etc/ssh/ssh_host_rsa_key": 0o600, "etc/sudoers": 0o440} {
		if got := s.mode(t, name); got != want {
			t.Errorf("%s has mode %v; want %v", name, got, want)
		}
	}
	does(t, s.phase(t, "linux.permissions.restrict", "rollback", nil, snapshot.State))
	if got := s.mode(t, "etc/an app"); got.Perm() != 0o777 {
		t.Errorf("after rollback the folder has mode %v", got)
	}
	for name, want := range broken {
		if got := s.mode(t, name); got != want {
			t.Errorf("after rollback %s has mode %v; want %v", name, got, want)
		}
	}
}

func TestWhoeverWritesWhatRootRunsIsFound(t *testing.T) {
	for _, name := range []string{"etc/ssh/sshd_config.d", "etc/cron.hourly", "etc/pam.d", "etc/systemd/system", "etc/ld.so.preload", "etc/profile.d", "etc/cron.weekly/x"} {
		t.Run(name, func(t *testing.T) {
			s := newModes(t)
			path := s.root + "/" + name
			if _, err := os.Stat(path); err != nil {
				s.put(t, name, "x\n", 0o644)
				if name != "etc/ld.so.preload" && name != "etc/cron.weekly/x" {
					s.drop(t, name)
					if err := os.Mkdir(path, 0o755); err != nil {
						t.Fatal(err)
					}
				}
			}
			wants(t, s.judge(t, check.LinuxPermissions, nil), "pass", "")
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, info.Mode()|0o020); err != nil {
				t.Fatal(err)
			}
			wants(t, s.judge(t, check.LinuxPermissions, nil), "fail high", "others write: "+path)
			snapshot := s.phase(t, "linux.permissions.restrict", "snapshot", nil, nil)
			does(t, s.phase(t, "linux.permissions.restrict", "remediate", nil, nil))
			wants(t, s.judge(t, check.LinuxPermissions, nil), "pass", "")
			does(t, s.phase(t, "linux.permissions.restrict", "rollback", nil, snapshot.State))
			if got := s.mode(t, name); got != info.Mode()|0o020 {
				t.Errorf("after rollback its mode is %v", got)
			}
		})
	}
}

func TestPermissionsAreLeftAloneWhereMendingWouldHarm(t *testing.T) {
	t.Run("NixOS writes the files itself", func(t *testing.T) {
		s := newModes(t)
		s.put(t, "etc/NIXOS", "", 0o644)
		refuses(t, s.phase(t, "linux.permissions.restrict", "snapshot", nil, nil), "configuration.nix")
		refuses(t, s.phase(t, "linux.permissions.restrict", "remediate", nil, nil), "configuration.nix")
	})
	t.Run("what a link leads to is left", func(t *testing.T) {
		s := newModes(t)
		s.put(t, "opt/else", "x\n", 0o666)
		if err := os.Symlink(s.root+"/opt/else", s.root+"/etc/cron.d/link"); err != nil {
			t.Fatal(err)
		}
		wants(t, s.judge(t, check.LinuxPermissions, nil), "fail high", "cron.d/link")
		o := s.phase(t, "linux.permissions.restrict", "remediate", nil, nil)
		if !o.OK || o.Changed || s.mode(t, "opt/else") != 0o666 || !strings.Contains(strings.Join(o.Notes, " "), "is a link") {
			t.Errorf("remediate: %+v, mode %v", o, s.mode(t, "opt/else"))
		}
	})
	t.Run("an immutable file is said to be one", func(t *testing.T) {
		s := newModes(t)
		s.put(t, "etc/passwd", "x\n", 0o666)
		s.program(t, "chmod", "exit 1\n")
		refuses(t, s.phase(t, "linux.permissions.restrict", "remediate", nil, nil), "immutable")
	})
	t.Run("a file that others can exchange is left", func(t *testing.T) {
		s := newModes(t)
		s.put(t, "etc/app/state", "x\n", 0o666)
		if err := os.Chmod(s.root+"/etc/app", 0o777|os.ModeSticky); err != nil {
			t.Fatal(err)
		}
		o := s.phase(t, "linux.permissions.restrict", "remediate", nil, nil)
		if !o.OK || s.mode(t, "etc/app/state") != 0o666 || !strings.Contains(strings.Join(o.Notes, " "), "in a folder that others write") {
			t.Errorf("remediate: %+v, mode %v", o, s.mode(t, "etc/app/state"))
		}
		wants(t, s.judge(t, check.LinuxPermissions, nil), "fail medium", "etc/app/state")
		if o := s.phase(t, "linux.permissions.restrict", "rollback", nil, []byte(`"600 0 0 `+s.root+`/etc/app/state"`)); !o.OK || o.Changed {
			t.Errorf("rollback: %+v", o)
		}
	})
	t.Run("a folder with the sticky bit is for everybody", func(t *testing.T) {
		s := newModes(t)
		if err := os.Mkdir(s.root+"/etc/drop", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(s.root+"/etc/drop", 0o777|os.ModeSticky); err != nil {
			t.Fatal(err)
		}
		wants(t, s.judge(t, check.LinuxPermissions, nil), "pass", "")
	})
	t.Run("a snapshot of something else is refused", func(t *testing.T) {
		for _, state := range []string{`"644 0 0 /home/x"`, `"absent"`, `"x 0 0 /etc/passwd"`, `"644 0 0 /etc/../home/x"`} {
			s := newModes(t)
			refuses(t, s.phase(t, "linux.permissions.restrict", "rollback", nil, []byte(state)), "not one of this runbook")
		}
	})
}

func TestManyFilesAreLookedAtAndSomeTold(t *testing.T) {
	s := newModes(t)
	for i := range 60 {
		s.put(t, "etc/sudoers.d/"+strconv.Itoa(100+i), "x\n", 0o440)
	}
	wants(t, s.judge(t, check.LinuxPermissions, nil), "pass", "")
	s.put(t, "etc/sudoers.d/155", "x\n", 0o664)
	wants(t, s.judge(t, check.LinuxPermissions, nil), "fail high", "sudoers.d/155")
	for i := range 60 {
		s.put(t, "etc/sudoers.d/"+strconv.Itoa(100+i), "x\n", 0o664)
	}
	v := s.judge(t, check.LinuxPermissions, nil)
	wants(t, v, "fail high", "others write")
	if len(v.Facts) > 64 {
		t.Errorf("%d facts", len(v.Facts))
	}
}

func TestPermissionsThatCannotBeReadAreUnknown(t *testing.T) {
	s := newModes(t)
	s.program(t, "find", "exit 1\n")
	wants(t, s.judge(t, check.LinuxPermissions, nil), "unknown", "cannot be searched")
	s = newModes(t)
	s.program(t, "stat", "exit 1\n")
	wants(t, s.judge(t, check.LinuxPermissions, nil), "unknown", "cannot be looked at")
	s = newModes(t)
	s.drop(t, "etc/passwd")
	wants(t, s.judge(t, check.LinuxPermissions, nil), "unknown", "not there")
}

func TestOthersFilesAreGivenBackToRoot(t *testing.T) {
	s := newModes(t)
	s.program(t, "stat", `case $* in
*"%u %g %a %G"*/etc/passwd) echo 1000 0 644 root ;;
*"%u %g %a %G"*) echo 0 0 600 root ;;
*"%a %u"*/etc/passwd) if [ -e @@/calls ]; then echo 644 0; else echo 644 1000; fi ;;
*"%a %u"*) echo 600 0 ;;
*) echo root ;;
esac
`)
	wants(t, s.judge(t, check.LinuxPermissions, nil), "fail high", "not root's")
	does(t, s.phase(t, "linux.permissions.restrict", "remediate", nil, nil))
	if got := s.read(t, "calls"); got != "chown 0 "+s.root+"/etc/passwd\n" {
		t.Errorf("it ran %q", got)
	}
}
