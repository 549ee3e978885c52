package runbook_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/check"
)

func newUnits(t *testing.T) *server {
	t.Helper()
	s := newServer(t)
	s.program(t, "systemctl", fakeUnits)
	s.put(t, "proc/net/tcp", "  sl  local_address rem_address   st tx_queue\n   0: 0100007F:0016 00000000:0000 0A 0\n", 0o644)
	return s
}

func TestFailedServersAreFoundStartedAndVerified(t *testing.T) {
	s := newUnits(t)
	wants(t, s.judge(t, check.LinuxUnits, nil), "pass", "")
	s.unit(t, "nginx.service", "Type=forking", "UnitFileState=enabled", "ActiveState=failed")
	wants(t, s.judge(t, check.LinuxUnits, nil), "fail high", "failed: nginx.service")
	if o := s.phase(t, "linux.services.restart", "snapshot", nil, nil); !o.OK || string(o.State) != `"nginx.service"` {
		t.Errorf("snapshot: %+v", o)
	}
	does(t, s.phase(t, "linux.services.restart", "remediate", nil, nil))
	wants(t, s.judge(t, check.LinuxUnits, nil), "pass", "")
}

func TestUnitsThatAreNotForThisAreLeft(t *testing.T) {
	for name, kind := range map[string]string{
		"networking.service": "oneshot", "NetworkManager.service": "dbus", "systemd-networkd.service": "notify", "wg-quick@wg0.service": "oneshot",
		"nftables.service": "oneshot", "certbot.service": "oneshot", `srv-a\x2db.mount`: "", "user@1000.service": "notify",
	} {
		t.Run(name, func(t *testing.T) {
			s := newUnits(t)
			s.unit(t, name, "Type="+kind, "ActiveState=failed")
			wants(t, s.judge(t, check.LinuxUnits, nil), "fail high", name)
			refuses(t, s.phase(t, "linux.services.restart", "remediate", nil, nil), name)
			if got := s.read(t, "calls"); got != "absent" {
				t.Errorf("systemctl was told %q", got)
			}
		})
	}
}

func TestWhatOthersLeftFailedOnPurposeIsLeft(t *testing.T) {
	for _, test := range []struct {
		name string
		hurt func(t *testing.T, s *server)
		says string
	}{
		{"a cluster manager decides", func(t *testing.T, s *server) {
			s.unit(t, "pacemaker.service", "Type=notify", "ActiveState=active", "UnitFileState=enabled")
		}, "pacemaker.service runs"},
		{"a person started it once", func(t *testing.T, s *server) {
			s.unit(t, "postgresql.service", "Type=notify", "ActiveState=failed", "UnitFileState=disabled")
		}, "postgresql.service"},
		{"nothing asks for it", func(t *testing.T, s *server) {
			s.unit(t, "postgresql.service", "Type=notify", "ActiveState=failed", "UnitFileState=static")
		}, "postgresql.service"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newUnits(t)
			s.unit(t, "postgresql.service", "Type=notify", "ActiveState=failed", "UnitFileState=enabled")
			test.hurt(t, s)
			refuses(t, s.phase(t, "linux.services.restart", "remediate", nil, nil), test.says)
			if got := s.read(t, "calls"); got != "absent" {
				t.Errorf("systemctl was told %q", got)
			}
		})
	}
	s := newUnits(t)
	s.unit(t, "child.service", "Type=notify", "ActiveState=failed", "UnitFileState=static", "WantedBy=multi-user.target")
	does(t, s.phase(t, "linux.services.restart", "remediate", nil, nil))
}

func TestAServerThatFailsAgainIsNoSuccess(t *testing.T) {
	s := newUnits(t)
	s.unit(t, "nginx.service", "Type=forking", "UnitFileState=enabled", "ActiveState=failed", "Fails=yes")
	refuses(t, s.phase(t, "linux.services.restart", "remediate", nil, nil), "nginx.service")
	wants(t, s.judge(t, check.LinuxUnits, nil), "fail high", "nginx.service")
}

func TestUnitsThatCannotBeAskedForAreUnknown(t *testing.T) {
	s := newUnits(t)
	s.program(t, "systemctl", "exit 1\n")
	wants(t, s.judge(t, check.LinuxUnits, nil), "unknown", "cannot be asked")
	s = newServer(t)
	s.drop(t, "run/systemd/system")
	wants(t, s.judge(t, check.LinuxUnits, nil), "unknown", "no service manager")
	s.program(t, "rc-status", "echo ' nginx   [  crashed  ]'\n") // OpenRC 0.55's columns, names first
	wants(t, s.judge(t, check.LinuxUnits, nil), "fail high", "nginx")
}

func TestManyFailedUnitsAreCountedAndSomeNamed(t *testing.T) {
	s := newUnits(t)
	for i := range 60 {
		s.unit(t, fmt.Sprintf("worker@%d.service", i), "Type=simple", "ActiveState=failed")
	}
	v := s.judge(t, check.LinuxUnits, nil)
	wants(t, v, "fail high", "worker@")
	if len(v.Facts) != 41 || v.Facts[0].Value != "60" {
		t.Errorf("%d facts, the first %v; want the count and 40 units", len(v.Facts), v.Facts[0])
	}
}

func TestTelnetIsFoundSwitchedOffAndPutBack(t *testing.T) {
	s := newUnits(t)
	wants(t, s.judge(t, check.LinuxLegacy, nil), "pass", "")
	s.unit(t, "telnet.socket", "ActiveState=active", "UnitFileState=enabled")
	s.program(t, "chown", "true\n")
	const inetd = "# comment\ntelnet\tstream tcp nowait root /usr/sbin/tcpd /usr/sbin/in.telnetd\n127.0.0.1:shell stream tcp nowait root x\nfinger stream tcp nowait nobody x\n"
	s.put(t, "etc/inetd.conf", inetd, 0o644)
	s.unit(t, "openbsd-inetd.service", "ActiveState=active", "UnitFileState=enabled")
	wants(t, s.judge(t, check.LinuxLegacy, nil), "fail critical", "telnet.socket (socket), shell (inetd), telnet (inetd)")
	snapshot := s.phase(t, "linux.legacy.disable", "snapshot", nil, nil)
	does(t, s.phase(t, "linux.legacy.disable", "remediate", nil, nil))
	wants(t, s.judge(t, check.LinuxLegacy, nil), "pass", "")
	if got := s.read(t, "etc/inetd.conf"); !strings.Contains(got, "\nfinger stream") || !strings.Contains(got, "#<off># 127.0.0.1:shell") {
		t.Errorf("inetd.conf is %q; want the rest of it left", got)
	}
	if got := s.read(t, "calls"); !strings.Contains(got, "disable --now telnet.socket\n") || !strings.Contains(got, "restart openbsd-inetd.service\n") {
		t.Errorf("systemctl was told %q", got)
	}
	does(t, s.phase(t, "linux.legacy.disable", "rollback", nil, snapshot.State))
	if got := s.read(t, "etc/inetd.conf"); got != inetd {
		t.Errorf("after rollback inetd.conf is %q", got)
	}
	wants(t, s.judge(t, check.LinuxLegacy, nil), "fail critical", "telnet.socket (socket), shell (inetd), telnet (inetd)")
	if o := s.phase(t, "linux.legacy.disable", "rollback", nil, snapshot.State); !o.OK || o.Changed {
		t.Errorf("a second rollback: %+v", o)
	}
}

func TestInetdAloneIsPutBackAsItWas(t *testing.T) {
	s := newUnits(t)
	s.program(t, "chown", `echo "chown $*" >>@@/calls`+"\n")
	const inetd = "telnet stream tcp nowait root x\n\n\n"
	s.put(t, "etc/inetd.conf", inetd, 0o640)
	snapshot := s.phase(t, "linux.legacy.disable", "snapshot", nil, nil)
	does(t, s.phase(t, "linux.legacy.disable", "remediate", nil, nil))
	if got := s.mode(t, "etc/inetd.conf"); got != 0o640 {
		t.Errorf("inetd.conf has mode %v now", got)
	}
	does(t, s.phase(t, "linux.legacy.disable", "rollback", nil, snapshot.State))
	if got := s.read(t, "etc/inetd.conf"); got != inetd || s.mode(t, "etc/inetd.conf") != 0o640 {
		t.Errorf("after rollback inetd.conf is %q, %v", got, s.mode(t, "etc/inetd.conf"))
	}
	if got, want := s.read(t, "calls"), fmt.Sprintf("chown %d:%d ", os.Getuid(), os.Getgid()); !strings.Contains(got, want) {
		t.Errorf("it ran %q; want %q", got, want)
	}
	for _, alien := range []string{`"units\ninetd 640\nabsent"`, `"units\ninetd 640 0:0:0 0\nabsent"`, `"units\ninetd 640 0:0\npresent\nx\n"`, `"units\ninetd -R 0:0\nabsent"`} {
		refuses(t, s.phase(t, "linux.legacy.disable", "rollback", nil, []byte(alien)), "not one of this runbook")
	}
}

func TestInetdIsMendedBehindBlanksToo(t *testing.T) {
	s := newUnits(t)
	s.put(t, "etc/inetd.conf", " \ttelnet stream tcp nowait root x\n", 0o644)
	wants(t, s.judge(t, check.LinuxLegacy, nil), "fail critical", "telnet (inetd)")
	does(t, s.phase(t, "linux.legacy.disable", "remediate", nil, nil))
	wants(t, s.judge(t, check.LinuxLegacy, nil), "pass", "")
}

func TestTelnetIsSeenWhereverItListens(t *testing.T) {
	for _, test := range []struct {
		name, file, text string
		want, say        string
	}{
		{"the kernel says so", "proc/net/tcp6", "  sl\n   0: 00000000000000000000000000000000:0017 0:0 0A 0\n", "fail critical", "telnet (listens)"},
		{"rlogin", "proc/net/tcp", "  sl\n   0: 00000000:0201 0:0 0A 0\n", "fail critical", "rlogin (listens)"},
		{"a connection to another host's telnet is none", "proc/net/tcp", "  sl\n   0: 0100007F:0017 0:0 01 0\n", "pass", ""},
		{"514 is syslog's too", "proc/net/tcp", "  sl\n   0: 00000000:0202 0:0 0A 0\n", "pass", ""},
		{"xinetd", "etc/xinetd.d/telnet", "service telnet\n{\n\tdisable = no\n}\n", "fail critical", "telnet (xinetd)"},
		{"xinetd that is switched off", "etc/xinetd.d/telnet", "service telnet\n{\n\tdisable = yes\n}\n", "pass", ""},
		{"xinetd that is switched off without a blank", "etc/xinetd.d/telnet", "service telnet\n{\n\tdisable =yes\n}\n", "pass", ""},
		{"xinetd, the other way", "etc/xinetd.d/telnet", "service telnet\n{\n\tdisable= yes\n}\n", "pass", ""},
		{"xinetd that only says so in a comment", "etc/xinetd.d/telnet", "service telnet\n{\n\t# disable = yes\n}\n", "fail critical", "telnet (xinetd)"},
		{"a comment of inetd", "etc/inetd.conf", "#telnet stream\n#<off># telnet stream\n", "pass", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newUnits(t)
			s.put(t, test.file, test.text, 0o644)
			wants(t, s.judge(t, check.LinuxLegacy, nil), test.want, test.say)
		})
	}
	s := newUnits(t)
	s.drop(t, "proc/net/tcp")
	wants(t, s.judge(t, check.LinuxLegacy, nil), "unknown", "cannot be read")
}

func TestTelnetThatThisCannotSwitchOffIsSaidToBe(t *testing.T) {
	s := newUnits(t)
	s.put(t, "etc/xinetd.d/telnet", "service telnet\n{\n}\n", 0o644)
	refuses(t, s.phase(t, "linux.legacy.disable", "remediate", nil, nil), "a person has to")
	s.put(t, "etc/NIXOS", "", 0o644)
	refuses(t, s.phase(t, "linux.legacy.disable", "remediate", nil, nil), "configuration.nix")
	refuses(t, s.phase(t, "linux.legacy.disable", "rollback", nil, []byte(`"absent"`)), "not one of this runbook")
}
