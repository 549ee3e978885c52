package runbook_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/check"
)

func newClock(t *testing.T, services ...string) *machine {
	t.Helper()
	m := newHost(t, services...)
	m.folder(t, "proc/77")
	// Any daemon that runs is a process and finds a source.
	m.program(t, "timedatectl", `rm -f @@/proc/77/comm
for unit in @@/units/*/active; do
  if [ -e "$unit" ]; then echo chronyd >@@/proc/77/comm; fi
  if [ -e "$unit" ] && [ ! -e @@/no-source ]; then echo yes; exit; fi
done
echo no
`)
	return m
}

func TestTheClockIsFoundAloneKeptAndPutBack(t *testing.T) {
	for name, services := range map[string][]string{
		"nothing is enabled":    {"systemd-timesyncd", "sshd active enabled"},
		"the first of two":      {"chrony", "systemd-timesyncd"},
		"enabled and not there": {"ntpsec enabled"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newClock(t, services...)
			m.remove(t, "units/sshd")
			repair{runbook: "linux.time.enable", check: check.TimeSync, kept: []string{"units"}, again: true}.through(t, m)
		})
	}
	m := newClock(t, "chrony", "systemd-timesyncd active enabled")
	m.write(t, "no-source", "")
	if o := m.phase(t, "linux.time.enable", "remediate", nil, nil); !o.OK || m.service("chrony") != "chrony" || len(o.Notes) != 1 || !strings.Contains(o.Notes[0], "no source") {
		t.Errorf("beside a daemon that runs: %+v, %s", o, m.service("chrony"))
	}
}

func TestTheClockIsLeftAloneWhereItCannotBeMended(t *testing.T) {
	r := repair{runbook: "linux.time.enable", kept: []string{"units"}}
	r.refused(t, newClock(t, "ssh active"), "no time daemon")
	r.refused(t, newClock(t, "chrony broken"), "does not start")
	m := newClock(t, "chrony")
	m.write(t, "proc/1/environ", "container=lxc\x00TERM=linux\x00")
	r.refused(t, m, "container's host")
	if v := m.judge(t, check.TimeSync, nil); v.Status != check.NotApplicable {
		t.Errorf("in a container: %v %s", v.Status, v.Reason)
	}
}

func TestTheClockIsReadByWhateverIsThere(t *testing.T) {
	const tracking = `echo 'C0000201,192.0.2.1,3,1700000000.1,%s,0.0,0.0,0.0,0.0,0.0,0.1,0.1,64.1,%s'` + "\n"
	m := newHost(t)
	m.unknown(t, check.TimeSync, "neither timedatectl")
	m.folder(t, "proc/77")
	m.write(t, "proc/77/comm", "systemd-timesyn\n")
	for _, test := range []struct {
		name, program, text, severity string
		want                          check.Status
	}{
		{"chrony is synchronised", "chronyc", fmt.Sprintf(tracking, "0.000012", "Normal"), "", check.Pass},
		{"chrony is far off", "chronyc", fmt.Sprintf(tracking, "-75.5", "Normal"), check.High, check.Fail},
		{"chrony has no source", "chronyc", fmt.Sprintf(tracking, "0.0", "Not synchronised"), check.Medium, check.Fail},
		{"chrony does not run", "chronyc", "echo '506 Cannot talk to daemon'; exit 1\n", "", check.Unknown},
		{"adjtimex without the flag", "adjtimex", "printf '    mode:         0\\n    status:       8193 (PLL)\\n'\n", "", check.Pass},
		{"adjtimex with the flag", "adjtimex", "printf '    status:       64 (UNSYNC)\\n'\n", check.Medium, check.Fail},
		{"timedatectl first", "timedatectl", "echo yes\n", "", check.Pass},
	} {
		m.program(t, test.program, test.text)
		if v := m.judge(t, check.TimeSync, nil); v.Status != test.want || v.Severity != test.severity {
			t.Errorf("%s: %v %s %s", test.name, v.Status, v.Severity, v.Reason)
		}
	}
}

// The kernel's flag outlives chrony by nine hours.
func TestAClockThatNothingKeepsAnyMoreIsFound(t *testing.T) {
	m := newHost(t)
	m.program(t, "timedatectl", "echo yes\n")
	m.folder(t, "proc/77", "proc/78")
	m.write(t, "proc/78/comm", "sshd\n")
	for _, test := range []struct {
		process string
		want    check.Status
	}{{"chronyd", check.Pass}, {"ntpd", check.Pass}, {"systemd-timesyn", check.Pass}, {"phc2sys", check.Pass}, {"chronyd-watch", check.Fail}, {"nginx", check.Fail}} {
		m.write(t, "proc/77/comm", test.process+"\n")
		if v := m.judge(t, check.TimeSync, nil); v.Status != test.want {
			t.Errorf("with %s: %v %s; want %v", test.process, v.Status, v.Reason, test.want)
		}
	}
	m.write(t, "run/systemd/container", "lxc\n")
	if v := m.judge(t, check.TimeSync, nil); v.Status != check.NotApplicable {
		t.Errorf("in a container: %v %s", v.Status, v.Reason)
	}
	m.write(t, "proc/77/comm", "chronyd\n")
	if v := m.judge(t, check.TimeSync, nil); v.Status != check.Pass {
		t.Errorf("in a container that keeps the clock: %v %s", v.Status, v.Reason)
	}
}

// Images of disks that were made from a container leave its mark on real machines.
func TestAStrayMarkMakesNoContainer(t *testing.T) {
	for _, test := range []struct {
		name, first, virt string
		want              check.Status
	}{
		{"systemd says it is none", "systemd", "exit 1\n", check.Fail},
		{"systemd says it is one", "systemd", "exit 0\n", check.NotApplicable},
		{"an init of its own", "init", "", check.Fail},
		{"a program alone", "nginx", "", check.NotApplicable},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newClock(t)
			m.write(t, ".dockerenv", "")
			m.write(t, "proc/1/comm", test.first+"\n")
			if test.virt != "" {
				m.program(t, "systemd-detect-virt", test.virt)
			}
			if v := m.judge(t, check.TimeSync, nil); v.Status != test.want {
				t.Errorf("Judge = %v %s; want %v", v.Status, v.Reason, test.want)
			}
		})
	}
}

// fakeOpenRC keeps the same folders as fakeServices.
const fakeOpenRC = `folder=@@/units/$1
case $2 in
status) [ -e "$folder/active" ] || exit 3 ;;
start | restart) : >"$folder/active" ;;
stop) rm -f "$folder/active" ;;
*) exit 1 ;;
esac
`

func TestTheClockIsKeptWithoutSystemd(t *testing.T) {
	m := newClock(t, "chronyd")
	m.remove(t, "run/systemd")
	m.remove(t, "bin/systemctl")
	m.folder(t, "etc/init.d", "etc/runlevels/default")
	m.program(t, "rc-service", fakeOpenRC)
	m.program(t, "rc-update", "case $1 in add) : >@@/etc/runlevels/$3/$2 ;; del) rm -f @@/etc/runlevels/$3/$2 ;; esac\n")
	m.write(t, "etc/init.d/chronyd", "")
	if err := os.Chmod(filepath.Join(m.root, "etc/init.d/chronyd"), 0o700); err != nil {
		t.Fatal(err)
	}
	repair{runbook: "linux.time.enable", check: check.TimeSync, kept: []string{"units", "etc"}, again: true}.through(t, m)
	m.remove(t, "bin/rc-service") // neither
	repair{runbook: "linux.time.enable", kept: []string{"units", "etc"}}.refused(t, m, "no time daemon")
}
