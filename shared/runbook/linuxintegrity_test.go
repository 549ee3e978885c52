package runbook_test

import (
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// newGuarded makes a server with ClamAV, AIDE and AppArmor, all well.
func newGuarded(t *testing.T) *server {
	t.Helper()
	s := newServer(t)
	s.program(t, "systemctl", fakeUnits)
	s.program(t, "aide", "exit 1\n")
	s.unit(t, "clamav-daemon.service", "ActiveState=active", "UnitFileState=enabled")
	s.unit(t, "clamav-freshclam.service", "ActiveState=active", "UnitFileState=enabled")
	s.unit(t, "dailyaidecheck.timer", "ActiveState=active", "UnitFileState=enabled")
	s.aged(t, "var/lib/clamav/daily.cld", 10*time.Hour)
	s.put(t, "var/lib/aide/aide.db", "@@begin_db\n", 0o600)
	s.put(t, "sys/module/apparmor/parameters/enabled", "Y\n", 0o644)
	s.put(t, "sys/kernel/security/apparmor/profiles", "/usr/sbin/cups-browsed (complain)\n/usr/bin/man (enforce)\n", 0o644)
	s.put(t, "proc/meminfo", "MemTotal: 8000000 kB\nMemAvailable: 4000000 kB\n", 0o644)
	return s
}

func TestIntegrityIsJudgedByWhatRuns(t *testing.T) {
	for _, test := range []struct {
		name      string
		hurt      func(t *testing.T, s *server)
		want, say string
	}{
		{"all is well", func(*testing.T, *server) {}, "pass", ""},
		{"the scanner was stopped", func(t *testing.T, s *server) { s.unit(t, "clamav-daemon.service", "ActiveState=inactive") }, "fail high", "stopped: clamav-daemon.service"},
		{"the scanner was masked", func(t *testing.T, s *server) {
			s.put(t, "units/clamav-daemon.service", "LoadState=masked\nActiveState=inactive\n", 0o644)
		}, "fail high", "stopped: clamav-daemon.service"},
		{"an agent of a maker was stopped beside it", func(t *testing.T, s *server) { s.unit(t, "falcon-sensor.service", "ActiveState=failed") }, "fail high", "falcon-sensor"},
		{"its signatures are old", func(t *testing.T, s *server) { s.aged(t, "var/lib/clamav/daily.cld", 100*time.Hour) }, "fail high", "old signatures"},
		{"the older of two signature files does not count", func(t *testing.T, s *server) { s.aged(t, "var/lib/clamav/daily.cvd", 1000*time.Hour) }, "pass", ""},
		{"nothing protects", func(t *testing.T, s *server) { s.drop(t, "units/clamav-daemon.service") }, "fail medium", "no protection"},
		{"AIDE never made its list", func(t *testing.T, s *server) { s.drop(t, "var/lib/aide/aide.db") }, "fail medium", "idle: aide"},
		{"nothing runs AIDE", func(t *testing.T, s *server) { s.unit(t, "dailyaidecheck.timer", "ActiveState=inactive") }, "fail medium", "idle: aide"},
		{"cron runs AIDE", func(t *testing.T, s *server) {
			s.unit(t, "dailyaidecheck.timer", "ActiveState=inactive")
			s.put(t, "etc/cron.daily/aide", "", 0o755)
		}, "pass", ""},
		{"nothing watches", func(t *testing.T, s *server) { s.gone(t, "aide") }, "fail low", "files not watched"},
		{"AppArmor only logs", func(t *testing.T, s *server) {
			s.put(t, "sys/kernel/security/apparmor/profiles", "/usr/bin/man (complain)\n", 0o644)
		}, "fail medium", "AppArmor only logs"},
		{"AppArmor's profiles cannot be read", func(t *testing.T, s *server) { s.drop(t, "sys/kernel/security/apparmor/profiles") }, "unknown", "could not be read"},
		{"SELinux enforces", func(t *testing.T, s *server) { s.put(t, "sys/fs/selinux/enforce", "1", 0o644) }, "pass", ""},
		{"SELinux only logs", func(t *testing.T, s *server) { s.put(t, "sys/fs/selinux/enforce", "0", 0o644) }, "fail medium", "SELinux permissive"},
		{"neither is on", func(t *testing.T, s *server) { s.drop(t, "sys/module/apparmor/parameters/enabled") }, "fail medium", "no access control"},
		{"a container sees neither", func(t *testing.T, s *server) {
			s.drop(t, "sys/module/apparmor/parameters/enabled")
			s.put(t, "run/systemd/container", "lxc\n", 0o644)
		}, "unknown", "could not be read"},
		{"signatures of the future", func(t *testing.T, s *server) { s.aged(t, "var/lib/clamav/daily.cld", -time.Hour) }, "unknown", "How old"},
		{"systemd does not answer", func(t *testing.T, s *server) { s.program(t, "systemctl", "exit 1\n") }, "unknown", "cannot be asked"},
		{"no service manager", func(t *testing.T, s *server) { s.gone(t, "systemctl") }, "unknown", "no service manager"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newGuarded(t)
			test.hurt(t, s)
			wants(t, s.judge(t, check.LinuxIntegrity, nil), test.want, test.say)
		})
	}
}

func TestAProtectionIsStartedVerifiedAndPutBack(t *testing.T) {
	s := newGuarded(t)
	s.unit(t, "clamav-daemon.service", "ActiveState=inactive", "UnitFileState=disabled")
	s.unit(t, "dailyaidecheck.timer", "ActiveState=inactive", "UnitFileState=enabled")
	snapshot := s.phase(t, "linux.integrity.start", "snapshot", nil, nil)
	does(t, s.phase(t, "linux.integrity.start", "remediate", nil, nil))
	wants(t, s.judge(t, check.LinuxIntegrity, nil), "pass", "")
	if got := s.read(t, "calls"); got != "enable clamav-daemon.service\nstart clamav-daemon.service\nstart dailyaidecheck.timer\n" {
		t.Errorf("systemctl was told %q", got)
	}
	refuses(t, s.phase(t, "linux.integrity.start", "remediate", nil, nil), "nothing here to start")
	does(t, s.phase(t, "linux.integrity.start", "rollback", nil, snapshot.State))
	for name, want := range map[string]string{
		"clamav-daemon.service": "ActiveState=inactive\nUnitFileState=disabled\n", "dailyaidecheck.timer": "ActiveState=inactive\nUnitFileState=enabled\n",
		"clamav-freshclam.service": "ActiveState=active\nUnitFileState=enabled\n",
	} {
		if got := s.read(t, "units/"+name); got != "LoadState=loaded\n"+want {
			t.Errorf("after rollback %s is %q", name, got)
		}
	}
	if o := s.phase(t, "linux.integrity.start", "rollback", nil, snapshot.State); !o.OK || o.Changed {
		t.Errorf("a second rollback: %+v", o)
	}
	refuses(t, s.phase(t, "linux.integrity.start", "rollback", nil, []byte(`"-x y z"`)), "not one of this runbook")
}

func TestAProtectionThatStillLoadsIsStoppedAgain(t *testing.T) {
	for _, state := range []string{"activating", "reloading", "active", "deactivating"} {
		s := newGuarded(t)
		s.unit(t, "clamav-daemon.service", "ActiveState="+state, "UnitFileState=disabled")
		does(t, s.phase(t, "linux.integrity.start", "rollback", nil, []byte(`"clamav-daemon.service inactive disabled"`)))
		if got := s.read(t, "calls"); got != "stop clamav-daemon.service\n" {
			t.Errorf("of one that is %s systemctl was told %q", state, got)
		}
	}
	s := newGuarded(t)
	s.unit(t, "clamav-daemon.service", "ActiveState=activating", "UnitFileState=enabled")
	if o := s.phase(t, "linux.integrity.start", "rollback", nil, []byte(`"clamav-daemon.service active enabled"`)); !o.OK || o.Changed {
		t.Errorf("rollback to a state that comes by itself: %+v", o)
	}
}

// The template is loaded as clamd@scan.service wherever Red Hat's package is.
func TestATemplateIsNoProtection(t *testing.T) {
	const scan = "clamd@scan.service"
	s := newGuarded(t)
	s.drop(t, "units/clamav-daemon.service")
	s.unit(t, "clamd@amavisd.service", "ActiveState=active", "UnitFileState=enabled")
	s.put(t, "templates", scan+"\n", 0o644)
	wants(t, s.judge(t, check.LinuxIntegrity, nil), "pass", "")
	refuses(t, s.phase(t, "linux.integrity.start", "remediate", nil, nil), "nothing here to start")
	s.unit(t, "clamd@amavisd.service", "ActiveState=failed", "UnitFileState=enabled")
	wants(t, s.judge(t, check.LinuxIntegrity, nil), "fail high", "stopped: clamd@amavisd.service")
	snapshot := s.phase(t, "linux.integrity.start", "snapshot", nil, nil)
	does(t, s.phase(t, "linux.integrity.start", "remediate", nil, nil))
	wants(t, s.judge(t, check.LinuxIntegrity, nil), "pass", "")
	if !strings.Contains(string(snapshot.State), "clamd@amavisd.service failed enabled") || strings.Contains(string(snapshot.State), scan) {
		t.Errorf("the snapshot is %s", snapshot.State)
	}
}

func TestAProtectionIsLeftWhereStartingItWouldHarm(t *testing.T) {
	t.Run("the memory would not do", func(t *testing.T) {
		s := newGuarded(t)
		s.unit(t, "clamav-daemon.service", "ActiveState=inactive", "UnitFileState=enabled")
		s.put(t, "proc/meminfo", "MemAvailable: 900000 kB\n", 0o644)
		o := s.phase(t, "linux.integrity.start", "remediate", nil, nil)
		refuses(t, o, "nothing here to start")
		if s.read(t, "calls") != "absent" || !strings.Contains(strings.Join(o.Notes, " "), "878 MB are free") {
			t.Errorf("remediate: %+v, %q", o, s.read(t, "calls"))
		}
	})
	t.Run("somebody masked it", func(t *testing.T) {
		s := newGuarded(t)
		s.put(t, "units/clamav-daemon.service", "LoadState=masked\nActiveState=inactive\n", 0o644)
		refuses(t, s.phase(t, "linux.integrity.start", "remediate", nil, nil), "nothing here to start")
	})
	t.Run("nothing is installed", func(t *testing.T) {
		s := newServer(t)
		s.program(t, "systemctl", fakeUnits)
		refuses(t, s.phase(t, "linux.integrity.start", "snapshot", nil, nil), "nothing that could be started")
		refuses(t, s.phase(t, "linux.integrity.start", "remediate", nil, nil), "a person has to see to it")
	})
}
