package runbook_test

import (
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// fakeAPT knows what waits from the file waiting, as apt-get -s prints it (captured
// on Debian 12 and Ubuntu 22.04, 2026-11), and installs by emptying it.
const fakeAPT = `case "$*" in
*-security*dist-upgrade*)
  if [ -e @@/broken-suite ]; then echo 'E: Unmet dependencies.' >&2; exit 100; fi
  if [ ! -e @@/waiting.security ]; then
    echo "E: The value 'x' is invalid for APT::Default-Release as such a release is not available in the sources" >&2
    exit 100
  fi
  cat @@/waiting.security ;;
*dist-upgrade*) [ ! -e @@/broken ] || exit 100
  echo 'NOTE: This is only a simulation!'
  cat @@/waiting ;;
*update*) echo "$*" >>@@/calls
  if [ -e @@/no-mirror ]; then echo 'E: Failed to fetch http://up:S3cret@mirror/InRelease'; exit 100; fi
  touch @@/var/lib/apt/periodic/update-success-stamp ;;
*install*) echo "$*" >>@@/calls
  if [ -e @@/full ]; then echo 'E: You do not have enough free space'; exit 100; fi
  grep -v -e Security -e '-security' @@/waiting >@@/waiting.new; mv -f @@/waiting.new @@/waiting; rm -f @@/waiting.security ;;
esac
`

const debianWaiting = `Inst base-files [12.4+deb12u8] (12.4+deb12u9 Debian:12.9/stable [amd64])
Inst libssl3 [3.0.14-1~deb12u1] (3.0.15-1~deb12u1 Debian-Security:12/stable-security [amd64]) []
Inst openssl [3.0.14-1~deb12u1] (3.0.15-1~deb12u1 Debian:12.9/stable, Debian-Security:12/stable-security [amd64])
Inst linux-image-6.1.0-30-amd64 (6.1.124-1 Debian-Security:12/stable-security [amd64])
Conf libssl3 (3.0.15-1~deb12u1 Debian-Security:12/stable-security [amd64])
`

// hiddenWaiting is what apt 2.6 says of a package whose newest version is in another
// suite than its mended one (2026-11), without and with -t jammy-security.
const (
	hiddenWaiting = "Inst openssl [3.0.2-0ubuntu1.15] (3.0.2-0ubuntu1.19 Ubuntu:22.04/jammy-updates [amd64])\n"
	hiddenMended  = "Inst openssl [3.0.2-0ubuntu1.15] (3.0.2-0ubuntu1.16 Ubuntu:22.04/jammy-security [amd64])\n"
)

const ubuntuWaiting = `Inst tzdata [2024a-0ubuntu0.22.04] (2024b-0ubuntu0.22.04 Ubuntu:22.04/jammy-updates [all])
Inst libc6 [2.35-0ubuntu3.8] (2.35-0ubuntu3.9 Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security [amd64])
`

func newDebian(t *testing.T, waiting string) *server {
	t.Helper()
	s := newServer(t)
	s.program(t, "apt-get", fakeAPT)
	s.program(t, "apt-mark", "true\n")
	s.program(t, "dpkg", "true\n")
	s.program(t, "dpkg-query", "echo 'openssl 3.0.14-1~deb12u1'\n")
	s.put(t, "waiting", waiting, 0o644)
	s.put(t, "etc/os-release", "ID=debian\nVERSION_ID=\"13\"\n", 0o644)
	s.put(t, "var/lib/apt/lists/mirror.example_debian-security_dists_bookworm-security_InRelease", "", 0o644)
	s.aged(t, "var/lib/apt/lists", 10*time.Hour)
	return s
}

func TestSecurityUpdatesAreFoundInstalledAndVerified(t *testing.T) {
	s := newDebian(t, debianWaiting)
	wants(t, s.judge(t, check.LinuxPatches, nil), "fail high", "3 waiting|Security updates wait: libssl3, linux-image-6.1.0-30-amd64, openssl.")
	if o := s.phase(t, "linux.patches.install", "snapshot", nil, nil); !o.OK || !strings.Contains(string(o.State), "openssl 3.0.14") {
		t.Errorf("snapshot: %+v", o)
	}
	s.put(t, "run/reboot-required", "", 0o644)
	o := s.phase(t, "linux.patches.install", "remediate", nil, nil)
	does(t, o)
	if !o.Reboot {
		t.Error("it does not ask for the restart that the system asks for")
	}
	calls := s.read(t, "calls")
	if !strings.Contains(calls, "--no-remove --only-upgrade install libssl3 openssl\n") || strings.Contains(calls, "base-files") {
		t.Errorf("apt-get was told %q; want the security updates of what is installed, and no more", calls)
	}
	wants(t, s.judge(t, check.LinuxPatches, nil), "pass", "none waiting")
	if got := s.read(t, "waiting"); !strings.Contains(got, "base-files") {
		t.Errorf("what waits now is %q; want the other update left", got)
	}
}

func TestUpdatesAreJudgedByTheListsThatTheHostHas(t *testing.T) {
	for _, test := range []struct {
		name      string
		hurt      func(t *testing.T, s *server)
		want, say string
	}{
		{"Ubuntu names the suite", func(t *testing.T, s *server) { s.put(t, "waiting", ubuntuWaiting, 0o644) }, "fail high", "libc6."},
		{"other updates do not count", func(t *testing.T, s *server) { s.put(t, "waiting", debianWaiting[:70]+"\n", 0o644) }, "pass", ""},
		{"an old list", func(t *testing.T, s *server) {
			s.put(t, "waiting", "", 0o644)
			s.aged(t, "var/lib/apt/lists", 100*time.Hour)
		}, "fail medium", "list too old"},
		{"an old list that was found unchanged", func(t *testing.T, s *server) {
			s.put(t, "waiting", "", 0o644)
			s.aged(t, "var/lib/apt/lists", 100*time.Hour)
			s.aged(t, "var/lib/apt/periodic/update-success-stamp", time.Hour)
		}, "pass", ""},
		{"a newer version in another suite hides the mended one", func(t *testing.T, s *server) {
			s.put(t, "waiting", hiddenWaiting, 0o644)
			s.put(t, "waiting.security", hiddenMended, 0o644)
			s.put(t, "var/lib/apt/lists/archive.ubuntu.com_ubuntu_dists_jammy-security_InRelease", "Suite: jammy-security\n", 0o644)
		}, "fail high", "1 waiting|Security updates wait: openssl."},
		{"the packages are broken with the mended one", func(t *testing.T, s *server) {
			s.put(t, "waiting", "", 0o644)
			s.put(t, "broken-suite", "", 0o644)
			s.put(t, "var/lib/apt/lists/archive.ubuntu.com_ubuntu_dists_jammy-security_InRelease", "Suite: jammy-security\n", 0o644)
		}, "unknown", "may be broken"},
		{"one list alone was not fetched", func(t *testing.T, s *server) {
			s.put(t, "waiting", "", 0o644)
			s.signed(t, 12*24*time.Hour, "Valid-Until: some day\n")
		}, "fail medium", "list too old"},
		{"a list that nobody had to sign anew", func(t *testing.T, s *server) {
			s.put(t, "waiting", "", 0o644)
			s.signed(t, 12*24*time.Hour, "")
		}, "pass", ""},
		{"Ubuntu's hook did not see every list fetched", func(t *testing.T, s *server) {
			s.put(t, "waiting", "", 0o644)
			s.put(t, "etc/apt/apt.conf.d/15update-stamp", "APT::Update::Post-Invoke-Success {\"touch /var/lib/apt/periodic/update-success-stamp\";};\n", 0o644)
			s.aged(t, "var/lib/apt/periodic/update-success-stamp", 100*time.Hour)
		}, "fail medium", "list too old"},
		{"a list of the future", func(t *testing.T, s *server) {
			s.put(t, "waiting", "", 0o644)
			s.aged(t, "var/lib/apt/lists", -time.Hour)
		}, "unknown", "not known"},
		{"broken packages", func(t *testing.T, s *server) { s.put(t, "broken", "", 0o644) }, "unknown", "cannot say"},
		{"no source of security updates", func(t *testing.T, s *server) {
			s.put(t, "waiting", "", 0o644)
			s.program(t, "apt-get", "true\n")
			s.put(t, "var/lib/apt/lists/mirror.example_debian_dists_bookworm_InRelease", "", 0o644)
			s.drop(t, "var/lib/apt/lists/mirror.example_debian-security_dists_bookworm-security_InRelease")
		}, "fail high", "no source"},
		{"lists that were thrown away", func(t *testing.T, s *server) {
			s.drop(t, "var/lib/apt/lists/mirror.example_debian-security_dists_bookworm-security_InRelease")
		}, "unknown", "no list"},
		{"a system out of support", func(t *testing.T, s *server) {
			s.put(t, "waiting", "", 0o644)
			s.put(t, "etc/os-release", "NAME=x\nSUPPORT_END=\"2024-05-14\"\n", 0o644)
		}, "fail high", "since 2024-05-14"},
		{"a system long in support", func(t *testing.T, s *server) {
			s.put(t, "waiting", "", 0o644)
			s.put(t, "etc/os-release", "SUPPORT_END=2999-05-14\n", 0o644)
		}, "pass", ""},
		{"Debian 10, whose files name no end", func(t *testing.T, s *server) {
			s.put(t, "waiting", "", 0o644)
			s.put(t, "etc/os-release", "ID=debian\nVERSION_ID=10\n", 0o644)
		}, "fail high", "since 2024-06-30"},
		{"Ubuntu 20.04", func(t *testing.T, s *server) {
			s.put(t, "waiting", "", 0o644)
			s.put(t, "etc/os-release", "ID=ubuntu\nVERSION_ID=\"20.04\"\n", 0o644)
		}, "fail high", "since 2025-05-29"},
		{"Ubuntu 20.04 whose support was extended", func(t *testing.T, s *server) {
			s.put(t, "waiting", "", 0o644)
			s.put(t, "etc/os-release", "ID=ubuntu\nVERSION_ID=\"20.04\"\n", 0o644)
			s.put(t, "var/lib/apt/lists/esm.ubuntu.com_infra_ubuntu_dists_focal-infra-security_InRelease", "Suite: focal-infra-security\n", 0o644)
		}, "pass", ""},
		{"a system that nobody knows", func(t *testing.T, s *server) {
			s.put(t, "waiting", "", 0o644)
			s.put(t, "etc/os-release", "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux forky/sid\"\n", 0o644)
		}, "unknown", "Until when"},
		{"NixOS", func(t *testing.T, s *server) { s.put(t, "etc/NIXOS", "", 0o644) }, "unknown", "NixOS"},
		{"no package manager", func(t *testing.T, s *server) { s.gone(t, "apt-get") }, "unknown", "no package manager"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newDebian(t, debianWaiting)
			test.hurt(t, s)
			wants(t, s.judge(t, check.LinuxPatches, nil), test.want, test.say)
		})
	}
}

// signed writes the list of security updates as its maker signed it so long ago.
func (s *server) signed(t *testing.T, ago time.Duration, more string) {
	t.Helper()
	text := "Suite: stable-security\nDate: " + time.Now().Add(-ago).UTC().Format(time.RFC1123) + "\n" + more
	s.put(t, "var/lib/apt/lists/mirror.example_debian-security_dists_bookworm-security_InRelease", text, 0o644)
	s.aged(t, "var/lib/apt/lists", 10*time.Hour)
}

func TestAHiddenSecurityUpdateIsInstalled(t *testing.T) {
	s := newDebian(t, hiddenWaiting)
	s.put(t, "waiting.security", hiddenMended, 0o644)
	s.put(t, "var/lib/apt/lists/archive.ubuntu.com_ubuntu_dists_jammy-security_InRelease", "Suite: jammy-security\n", 0o644)
	does(t, s.phase(t, "linux.patches.install", "remediate", nil, nil))
	if calls := s.read(t, "calls"); !strings.Contains(calls, "--only-upgrade install openssl\n") {
		t.Errorf("apt-get was told %q", calls)
	}
	wants(t, s.judge(t, check.LinuxPatches, nil), "pass", "none waiting")
}

func TestUpdatesAreLeftAloneWhereInstallingWouldHarm(t *testing.T) {
	for _, test := range []struct {
		name string
		hurt func(t *testing.T, s *server)
		says string
	}{
		{"packages are half installed", func(t *testing.T, s *server) { s.program(t, "dpkg", "echo 'mess'\n") }, "half installed"},
		{"the mirror is away", func(t *testing.T, s *server) { s.put(t, "no-mirror", "", 0o644) }, "E: Failed to fetch http://mirror/InRelease"},
		{"the disk is full", func(t *testing.T, s *server) { s.put(t, "full", "", 0o644) }, "enough free space"},
		{"NixOS", func(t *testing.T, s *server) { s.put(t, "etc/NIXOS", "", 0o644) }, "NixOS"},
		{"Alpine", func(t *testing.T, s *server) { s.gone(t, "apt-get") }, "a person installs"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newDebian(t, debianWaiting)
			test.hurt(t, s)
			refuses(t, s.phase(t, "linux.patches.install", "remediate", nil, nil), test.says)
			if got := s.read(t, "waiting"); got != debianWaiting {
				t.Errorf("what waits is %q", got)
			}
		})
	}
}

func TestHeldPackagesAreNamedAndLeft(t *testing.T) {
	s := newDebian(t, debianWaiting)
	s.program(t, "apt-mark", "echo openssl\necho nginx\n")
	if o := s.phase(t, "linux.patches.install", "remediate", nil, nil); !o.OK || len(o.Notes) == 0 || !strings.Contains(o.Notes[0], "openssl nginx") {
		t.Errorf("remediate: %+v", o)
	}
}

// What dnf 4 of AlmaLinux 9, dnf 5 of Fedora 41, zypper of openSUSE 15.6 and apk of
// Alpine 3.20 print, as their manuals show it (read 2026-11-22).
func TestOtherPackageManagersAreAskedInTheirWords(t *testing.T) {
	for _, test := range []struct {
		name, program, text string
		files               []string
		want, say           string
	}{
		{"dnf 4", "dnf", `echo 'RHSA-2026:1 Important/Sec. openssl-1:3.0.7-25.el9.x86_64'; echo 'ALSA-2026:2 Moderate/Sec. openssl-1:3.0.7-25.el9.x86_64'
echo 'ALBA-2026:3 bugfix tzdata-2026a.noarch'`, []string{"var/cache/dnf/b-1/repodata/repomd.xml", "var/cache/dnf/b-1/repodata/1-primary.xml.gz", "var/cache/dnf/b-1/repodata/1-updateinfo.xml.gz"}, "fail high", "1 waiting|Security updates wait: openssl-1:3.0.7-25.el9.x86_64."},
		{"dnf 5", "dnf", `echo 'Name            Type     Severity  Package               Issued'
echo 'FEDORA-2026-1a  security Important openssl-3.2.2-3.fc41.x86_64 2026-01-02 03:04:05'`, []string{"var/cache/libdnf5/b-1/repodata/repomd.xml", "var/cache/libdnf5/b-1/repodata/updateinfo.xml.zst"}, "fail high", "openssl-3.2.2-3.fc41.x86_64"},
		{"dnf with nothing to do", "dnf", "true", []string{"var/cache/dnf/b-1/repodata/repomd.xml", "var/cache/dnf/b-1/repodata/1-updateinfo.xml.gz"}, "pass", ""},
		{"repositories without words about security", "dnf", "true", []string{"var/cache/dnf/b-1/repodata/repomd.xml"}, "unknown", "do not say"},
		{"dnf without lists", "dnf", "true", nil, "unknown", "no list"},
		{"dnf that fails", "dnf", "exit 1", []string{"var/cache/dnf/b-1/repodata/repomd.xml"}, "unknown", "cannot say"},
		{
			"zypper", "zypper", `echo '<update kind="patch" name="SUSE-2026-11" edition="1" category="security" status="needed">'`,
			[]string{"var/cache/zypp/raw/u/repodata/repomd.xml", "var/cache/zypp/raw/u/repodata/1-updateinfo.xml.gz"},
			"fail high", "SUSE-2026-11",
		},
		{
			"apk", "apk", `echo 'Installed:                                Available:'; echo 'openssl-3.3.1-r0                        < 3.3.2-r1'`,
			[]string{"var/cache/apk/APKINDEX.1.tar.gz"},
			"fail high", "openssl-3.3.1-r0",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newServer(t)
			s.put(t, "etc/os-release", "NAME=x\nSUPPORT_END=2999-01-01\n", 0o644)
			s.program(t, test.program, test.text+"\n")
			for _, name := range test.files {
				s.aged(t, name, time.Hour)
			}
			wants(t, s.judge(t, check.LinuxPatches, nil), test.want, test.say)
		})
	}
}

func TestTheOldestEnabledRepositoryCounts(t *testing.T) {
	const dnf = `case "$*" in
*repolist*) printf 'repo id    repo name\nbaseos     AlmaLinux\nepel       EPEL\n' ;;
esac
`
	const zypper = `case "$*" in
*repos*) echo '<repo alias="baseos" name="x" enabled="1"/>'; echo '<repo alias="epel" name="x" enabled="1"/>' ;;
esac
`
	for _, test := range []struct{ program, text, folder string }{{"dnf", dnf, "var/cache/dnf/%-0123456789abcdef"}, {"dnf", dnf, "var/cache/libdnf5/%-0123456789abcdef"}, {"zypper", zypper, "var/cache/zypp/raw/%"}} {
		t.Run(test.folder, func(t *testing.T) {
			s := newServer(t)
			s.put(t, "etc/os-release", "NAME=x\nSUPPORT_END=2999-01-01\n", 0o644)
			s.program(t, test.program, test.text)
			file := func(repository, name string) string {
				return strings.ReplaceAll(test.folder, "%", repository) + "/repodata/" + name
			}
			for _, repository := range []string{"baseos", "epel"} {
				s.aged(t, file(repository, "1-updateinfo.xml.gz"), 9000*time.Hour)
				s.aged(t, file(repository, "repomd.xml"), time.Hour)
			}
			s.aged(t, file("gone", "repomd.xml"), 9000*time.Hour)
			wants(t, s.judge(t, check.LinuxPatches, nil), "pass", "")
			s.aged(t, file("baseos", "repomd.xml"), 100*time.Hour)
			wants(t, s.judge(t, check.LinuxPatches, nil), "fail medium", "list too old")
		})
	}
}
