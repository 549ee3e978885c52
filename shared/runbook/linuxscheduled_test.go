package runbook_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/check"
)

// newScheduled makes a server of Debian with a job and two SUID programs of
// packages. dpkg-query and dpkg answer as they do on Debian 12 (2026-11): owners
// has lines "PACKAGE: PATH", verify what differs.
func newScheduled(t *testing.T) *server {
	t.Helper()
	s := newServer(t)
	find, err := exec.LookPath("find")
	if err != nil {
		t.Fatal(err)
	}
	// The root of the host is not that of the machine.
	s.program(t, "find", `for word; do
  shift
  if [ "$word" = / ]; then word=@@; fi
  set -- "$@" "$word"
done
exec `+find+` "$@"`+"\n")
	s.program(t, "dpkg-query", "cat @@/owners\n")
	s.program(t, "dpkg", `cat @@/verify; [ ! -s @@/verify ]`+"\n")
	s.put(t, "verify", "", 0o644)
	s.put(t, "proc/self/mounts", "/dev/vda1 / ext4 rw,relatime 0 0\n/dev/vdb1 /srv xfs rw 0 0\n/dev/vdc1 /mnt/safe xfs rw,nosuid 0 0\nproc /proc proc rw 0 0\n", 0o644)
	s.put(t, "etc/crontab", "0 * * * * root true\n", 0o644)
	s.put(t, "etc/cron.d/own", "0 * * * * root own\n", 0o644)
	s.put(t, "usr/lib/systemd/system/fstrim.timer", "[Timer]\n", 0o644)
	s.put(t, "usr/bin/su", "su 1\n", 0o755|os.ModeSetuid)
	s.put(t, "usr/bin/wall", "wall 1\n", 0o755|os.ModeSetgid)
	s.put(t, "usr/bin/bash", "bash\n", 0o755)
	s.put(t, "owners", "cron: @@/etc/crontab\nutil-linux: @@/usr/lib/systemd/system/fstrim.timer\nutil-linux:amd64: @@/usr/bin/su\nbsdutils, other: @@/usr/bin/wall\nbash: @@/usr/bin/bash\n", 0o644)
	return s
}

// entries are the digest and the entries, below the server's root.
func (s *server) entries(t *testing.T) (digest string, entries []string) {
	t.Helper()
	o := s.run(t, "linux/facts/linux_scheduled.sh", nil, nil)
	if !o.OK {
		t.Fatalf("the facts: %+v", o)
	}
	for _, f := range o.Facts {
		if f.Name == check.FactEntry {
			entries = append(entries, strings.ReplaceAll(f.Value, s.root, ""))
		}
	}
	digest, _ = o.Facts.Get(check.FactEntriesDigest)
	if len(digest) != 64 {
		t.Errorf("the digest is %q", digest)
	}
	return digest, entries
}

func TestOnlyWhatNoPackageExplainsIsLookedAt(t *testing.T) {
	s := newScheduled(t)
	_, got := s.entries(t)
	if len(got) != 3 || !strings.HasPrefix(got[0], "cron /etc/cron.d/own ") || !slices.Equal(got[1:], []string{"suid /usr/bin/su util-linux", "suid /usr/bin/wall bsdutils"}) {
		t.Errorf("the entries are %q; want the host's own job and the SUID programs", got)
	}
	o := s.run(t, "linux/facts/linux_scheduled.sh", nil, nil)
	if left, _ := o.Facts.Get(check.FactNotWalked); left != "/srv" {
		t.Errorf("what is not walked is %q; want /srv", left)
	}
}

func TestADigestChangesWithWhatSomebodyDidAndNotWithUpdates(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(t *testing.T, s *server)
		same bool
	}{
		{"nothing", func(*testing.T, *server) {}, true},
		{"an update of a package's job and program", func(t *testing.T, s *server) {
			s.put(t, "etc/crontab", "1 * * * * root true\n", 0o644)
			s.put(t, "usr/bin/su", "su 2\n", 0o755|os.ModeSetuid)
		}, true},
		{"a package that brings a timer", func(t *testing.T, s *server) {
			s.put(t, "usr/lib/systemd/system/new.timer", "[Timer]\n", 0o644)
			s.more(t, "owners", "new: @@/usr/lib/systemd/system/new.timer\n")
		}, true},
		{"a volume of data that came", func(t *testing.T, s *server) { s.more(t, "proc/self/mounts", "/dev/vdd1 /data xfs rw 0 0\n") }, true},
		{"a new job", func(t *testing.T, s *server) { s.put(t, "etc/cron.d/odd", "* * * * * root odd\n", 0o644) }, false},
		{"a new line in the host's own job", func(t *testing.T, s *server) { s.more(t, "etc/cron.d/own", "x\n") }, false},
		{"a user's crontab", func(t *testing.T, s *server) { s.put(t, "var/spool/cron/crontabs/eve", "* * * * * x\n", 0o600) }, false},
		{"a package's job that somebody changed", func(t *testing.T, s *server) {
			s.put(t, "verify", "??5?????? c @@/etc/crontab\n", 0o644)
		}, false},
		{"a package's SUID program that somebody changed", func(t *testing.T, s *server) { s.put(t, "verify", "??5??????   @@/usr/bin/su\n", 0o644) }, false},
		{"a package's program that became SUID", func(t *testing.T, s *server) { s.put(t, "usr/bin/bash", "bash\n", 0o755|os.ModeSetuid) }, false},
		{"a SUID program of nobody", func(t *testing.T, s *server) { s.put(t, "opt/x y", "x\n", 0o755|os.ModeSetuid) }, false},
		{"a SUID program that went", func(t *testing.T, s *server) { s.drop(t, "usr/bin/wall") }, false},
		{"a timer of the host's own", func(t *testing.T, s *server) { s.put(t, "etc/systemd/system/x.timer", "[Timer]\n", 0o644) }, false},
		{"a unit linked from elsewhere", func(t *testing.T, s *server) { s.link(t, "opt/e.timer", "etc/systemd/system/e.timer") }, false},
		{"a link that enables a unit", func(t *testing.T, s *server) {
			s.link(t, "usr/lib/systemd/system/fstrim.timer", "etc/systemd/system/timers.target.wants/fstrim.timer")
		}, true},
		{"a unit that is masked", func(t *testing.T, s *server) { s.link(t, "dev/null", "etc/systemd/system/x.service") }, true},
		{"a timer of every user", func(t *testing.T, s *server) { s.put(t, "etc/systemd/user/x.timer", "[Timer]\n", 0o644) }, false},
		{"a job of at", func(t *testing.T, s *server) { s.put(t, "var/spool/cron/atjobs/a0000101c1", "x\n", 0o700) }, false},
		{"a job of at on Red Hat", func(t *testing.T, s *server) { s.put(t, "var/spool/at/a0000101c1", "x\n", 0o700) }, false},
		{"another command for a timer", func(t *testing.T, s *server) {
			s.put(t, "etc/systemd/system/fstrim.service.d/override.conf", "[Service]\nExecStart=\nExecStart=/x\n", 0o644)
		}, false},
		{"a container's SUID program", func(t *testing.T, s *server) { s.put(t, "var/lib/docker/overlay2/a/su", "x\n", 0o755|os.ModeSetuid) }, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScheduled(t)
			before, _ := s.entries(t)
			test.do(t, s)
			if after, entries := s.entries(t); (after == before) != test.same {
				t.Errorf("the digest stays the same: %t; want %t\n%q", after == before, test.same, entries)
			}
		})
	}
}

// link makes a symbolic link to a file, which is there then.
func (s *server) link(t *testing.T, file, name string) {
	t.Helper()
	s.put(t, file, "[Unit]\n", 0o644)
	s.put(t, name, "", 0o644) // its folder
	s.drop(t, name)
	if err := os.Symlink(filepath.Join(s.root, file), filepath.Join(s.root, name)); err != nil {
		t.Fatal(err)
	}
}

func TestAUnitLinkedFromElsewhereCountsByWhatItLeadsTo(t *testing.T) {
	s := newScheduled(t)
	s.link(t, "opt/e.service", "etc/systemd/system/e.service")
	before, entries := s.entries(t)
	if !slices.ContainsFunc(entries, func(e string) bool { return strings.HasPrefix(e, "unit /etc/systemd/system/e.service ") }) {
		t.Errorf("the entries are %q", entries)
	}
	s.put(t, "opt/e.service", "[Service]\nExecStart=/x\n", 0o644)
	if after, _ := s.entries(t); after == before {
		t.Error("another text behind the link does not change the digest")
	}
}

// more appends to a file.
func (s *server) more(t *testing.T, name, text string) {
	t.Helper()
	before, err := os.ReadFile(filepath.Join(s.root, name))
	if err != nil {
		t.Fatal(err)
	}
	s.put(t, name, string(before)+text, 0o644)
}

func TestASetIsJudgedByWhatWasApproved(t *testing.T) {
	s := newScheduled(t)
	digest, _ := s.entries(t)
	wants(t, s.judge(t, check.LinuxScheduled, nil), "fail low", digest)
	approved := func(name string) (string, bool) {
		return strings.Repeat("0", 64) + "," + digest, name == "approved"
	}
	wants(t, s.judge(t, check.LinuxScheduled, approved), "pass", "Nobody looked for SUID programs on /srv")
	s.put(t, "etc/cron.d/odd", "* * * * * root odd\n", 0o644)
	wants(t, s.judge(t, check.LinuxScheduled, approved), "fail medium", "none that anybody approved")
}

func TestASetThatCannotBeListedIsUnknown(t *testing.T) {
	for name, test := range map[string]struct {
		hurt func(t *testing.T, s *server)
		says string
	}{
		"no digest can be made": {func(t *testing.T, s *server) { s.gone(t, "sha256sum") }, "no sha256sum"},
		"the search takes too long": {func(t *testing.T, s *server) {
			s.program(t, "timeout", "case $* in *perm*) exit 124 ;; esac\n")
		}, "did not end in time"},
		"dpkg does not verify":    {func(t *testing.T, s *server) { s.program(t, "dpkg", "kill -KILL $$\n") }, "cannot verify"},
		"dpkg's database is away": {func(t *testing.T, s *server) { s.program(t, "dpkg-query", "exit 2\n") }, "no owner"},
		"nothing is mounted":      {func(t *testing.T, s *server) { s.put(t, "proc/self/mounts", "", 0o644) }, "no volume"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScheduled(t)
			test.hurt(t, s)
			wants(t, s.judge(t, check.LinuxScheduled, nil), "unknown", test.says)
		})
	}
}

func TestRPMTellsItsOwnersAndModes(t *testing.T) {
	s := newScheduled(t)
	s.gone(t, "dpkg-query")
	s.program(t, "rpm", `case $1 in
-qf) case $4 in */su | */crontab) echo util-linux ;; *) echo "file $4 is not owned by any package"; exit 1 ;; esac ;;
-V) cat @@/verify; [ ! -s @@/verify ] ;;
esac
`)
	before, got := s.entries(t)
	if len(got) != 4 || !slices.Contains(got, "suid /usr/bin/su util-linux") {
		t.Errorf("the entries are %q", got)
	}
	s.put(t, "verify", ".M.......    @@/usr/bin/su\n", 0o644)
	if after, _ := s.entries(t); after == before {
		t.Error("a changed mode does not change the digest")
	}
}
