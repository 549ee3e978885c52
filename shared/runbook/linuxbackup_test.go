package runbook_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

var day = map[string]string{"max_age_hours": "26"}

// newBackups makes a server that has been up for 2,000 seconds.
func newBackups(t *testing.T) *server {
	t.Helper()
	s := newServer(t)
	s.program(t, "systemctl", fakeUnits)
	s.program(t, "journalctl", "cat @@/journal 2>/dev/null; true\n")
	s.put(t, "proc/uptime", "2000.42 100.0\n", 0o644)
	return s
}

func TestBackupsAreFoundRunAndVerified(t *testing.T) {
	s := newBackups(t)
	s.unit(t, "restic-home.service", "Type=oneshot", "ActiveState=inactive", "UnitFileState=static", "TriggeredBy=restic-home.timer")
	wants(t, s.judge(t, check.LinuxBackup, nil), "fail high", "restic-home, none succeeded")
	if o := s.phase(t, "linux.backup.run", "snapshot", day, nil); !o.OK || !strings.Contains(string(o.State), "restic-home.service 0") {
		t.Errorf("snapshot: %+v", o)
	}
	does(t, s.phase(t, "linux.backup.run", "remediate", day, nil))
	wants(t, s.judge(t, check.LinuxBackup, nil), "pass", "restic-home")
	// What is fresh is not run again.
	refuses(t, s.phase(t, "linux.backup.run", "remediate", day, nil), "no backup job here that is due")
	if got := s.read(t, "calls"); got != "reset-failed restic-home.service\nstart restic-home.service\n" {
		t.Errorf("systemctl was told %q", got)
	}
}

func TestBackupsAreJudgedByTheirLastSuccess(t *testing.T) {
	now := time.Now()
	for _, test := range []struct {
		name      string
		make      func(t *testing.T, s *server)
		want, say string
	}{
		{"no backup", func(*testing.T, *server) {}, "fail high", "none"},
		{"a success since boot", func(t *testing.T, s *server) {
			s.unit(t, "borgmatic.service", "Type=simple", "TriggeredBy=borgmatic.timer", "Result=success", "ExecMainStatus=0", "ExecMainExitTimestampMonotonic=1000000000")
		}, "pass", "borgmatic"},
		{"a failure since boot, and none before", func(t *testing.T, s *server) {
			s.unit(t, "borgmatic.service", "Type=oneshot", "TriggeredBy=borgmatic.timer", "Result=exit-code", "ExecMainStatus=2", "ExecMainExitTimestampMonotonic=1000000000")
		}, "fail high", "none succeeded"},
		{"a success before boot, which the journal kept", func(t *testing.T, s *server) {
			s.unit(t, "borgmatic.service", "Type=oneshot", "TriggeredBy=borgmatic.timer", "Result=success", "ExecMainStatus=0", "ExecMainExitTimestampMonotonic=0")
			s.put(t, "journal", strconv.FormatInt(now.Add(-20*time.Hour).Unix(), 10)+".123456 host systemd[1]: whatever\n", 0o644)
		}, "pass", "borgmatic"},
		{"a success long before boot", func(t *testing.T, s *server) {
			s.unit(t, "borgmatic.service", "Type=oneshot", "TriggeredBy=borgmatic.timer", "Result=success", "ExecMainStatus=0", "ExecMainExitTimestampMonotonic=0")
			s.put(t, "journal", strconv.FormatInt(now.Add(-30*time.Hour).Unix(), 10)+".123456 host systemd[1]: whatever\n", 0o644)
		}, "fail high", "too old"},
		{"a journal without a word of it", func(t *testing.T, s *server) {
			s.unit(t, "borgmatic.service", "Type=oneshot", "TriggeredBy=borgmatic.timer", "ExecMainExitTimestampMonotonic=0")
			s.put(t, "journal", "-- No entries --\n", 0o644)
		}, "fail high", "none succeeded"},
		{"an instance of a template", func(t *testing.T, s *server) {
			s.unit(t, "restic@.service", "Type=oneshot")
			s.unit(t, "restic@home.service", "Type=oneshot", "TriggeredBy=restic@home.timer", "Result=success", "ExecMainStatus=0", "ExecMainExitTimestampMonotonic=1000000000")
		}, "pass", "restic@home"},
		{"dpkg's copies of its own lists are none", func(t *testing.T, s *server) {
			s.unit(t, "dpkg-db-backup.service", "Type=oneshot", "Result=success", "ExecMainStatus=0", "ExecMainExitTimestampMonotonic=1000000000")
		}, "fail high", "none|"},
		{"a server of that name is no job", func(t *testing.T, s *server) {
			s.unit(t, "rest-backup-server.service", "Type=simple", "ActiveState=active")
		}, "fail high", "none|"},
		{"one that a person starts is no job", func(t *testing.T, s *server) {
			s.unit(t, "full-backup.service", "Type=oneshot", "UnitFileState=static", "TriggeredBy=full-backup.path")
		}, "fail high", "none|"},
		{"an agent of a backup server", func(t *testing.T, s *server) {
			s.unit(t, "bacula-fd.service", "Type=simple", "ActiveState=active")
		}, "unknown", "bacula-fd"},
		{"a job of cron", func(t *testing.T, s *server) {
			s.put(t, "etc/cron.d/nightly", "# restic is below\n0 1 * * * root restic backup /srv\n", 0o644)
		}, "unknown", "cron: nightly"},
		{"a comment is no job", func(t *testing.T, s *server) {
			s.put(t, "etc/cron.d/nightly", "# 0 1 * * * root restic backup /srv\n", 0o644)
		}, "fail high", "none|"},
		{"a job of cron that says when it succeeded", func(t *testing.T, s *server) {
			s.put(t, "etc/cron.d/nightly", "0 1 * * * root restic backup /srv\n", 0o644)
			s.aged(t, "var/lib/osiris/backup/srv.success", 2*time.Hour)
		}, "pass", "srv"},
		{"one that said so long ago", func(t *testing.T, s *server) { s.aged(t, "var/lib/osiris/backup/srv.success", 50*time.Hour) }, "fail high", "srv, too old"},
		{"one of the future", func(t *testing.T, s *server) { s.aged(t, "var/lib/osiris/backup/srv.success", -50*time.Hour) }, "unknown", "clock is wrong"},
		{"systemd does not answer", func(t *testing.T, s *server) { s.program(t, "systemctl", "exit 1\n") }, "unknown", "cannot be asked"},
		{"the name is odd", func(t *testing.T, s *server) { s.aged(t, "var/lib/osiris/backup/a;b\\c.success", time.Hour) }, "pass", `a;b\c`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newBackups(t)
			test.make(t, s)
			wants(t, s.judge(t, check.LinuxBackup, nil), test.want, test.say)
		})
	}
}

func TestBackupsThatDoNotSucceedAreSaidNotTo(t *testing.T) {
	s := newBackups(t)
	s.unit(t, "restic-home.service", "Type=oneshot", "ActiveState=failed", "UnitFileState=static", "TriggeredBy=restic-home.timer", "Fails=yes")
	refuses(t, s.phase(t, "linux.backup.run", "remediate", day, nil), "restic-home.service did not succeed")
	wants(t, s.judge(t, check.LinuxBackup, nil), "fail high", "none succeeded")
	s = newBackups(t)
	s.unit(t, "restic-home.service", "Type=oneshot", "ActiveState=activating", "UnitFileState=static", "TriggeredBy=restic-home.path restic-home.timer")
	if o := s.phase(t, "linux.backup.run", "remediate", day, nil); !o.OK || o.Changed {
		t.Errorf("a job that runs already: %+v", o)
	}
	refuses(t, s.phase(t, "linux.backup.run", "remediate", map[string]string{"max_age_hours": "x"}, nil), "no number")
}

// Run by name alone, the first of these would write an old copy over live data.
func TestNothingButBackupsIsStarted(t *testing.T) {
	s := newBackups(t)
	for _, name := range []string{"restore-backup", "backup-restore@home", "restic-prune", "restic-forget", "borg-check", "restic-checks@home", "backup-verify", "borg-mount", "borg-unmount", "restic-init", "restic-unlock"} {
		s.unit(t, name+".service", "Type=oneshot", "UnitFileState=enabled", "TriggeredBy="+name+".timer")
	}
	s.unit(t, "clinic-backup.service", "Type=oneshot", "UnitFileState=disabled")
	wants(t, s.judge(t, check.LinuxBackup, nil), "fail high", "none|")
	refuses(t, s.phase(t, "linux.backup.run", "remediate", day, nil), "no backup job here that is due")
	if got := s.read(t, "calls"); got != "absent" {
		t.Errorf("systemctl was told %q", got)
	}
	s.unit(t, "clinic-backup.service", "Type=oneshot", "UnitFileState=static", "TriggeredBy=clinic-backup.timer")
	does(t, s.phase(t, "linux.backup.run", "remediate", day, nil))
	if got := s.read(t, "calls"); got != "reset-failed clinic-backup.service\nstart clinic-backup.service\n" {
		t.Errorf("systemctl was told %q", got)
	}
}

func TestATriedRestoreIsAPersonsRecord(t *testing.T) {
	s := newServer(t)
	wants(t, s.judge(t, check.LinuxRestoreTest, nil), "fail low", "no record")
	s.aged(t, "var/lib/osiris/backup/restored", 30*24*time.Hour)
	wants(t, s.judge(t, check.LinuxRestoreTest, nil), "pass", "tried")
	s.aged(t, "var/lib/osiris/backup/restored", 500*24*time.Hour)
	wants(t, s.judge(t, check.LinuxRestoreTest, nil), "fail medium", "too long ago")
	s.aged(t, "var/lib/osiris/backup/restored", -24*time.Hour)
	wants(t, s.judge(t, check.LinuxRestoreTest, nil), "unknown", "future")
}
