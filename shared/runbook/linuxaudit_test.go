package runbook_test

import (
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/check"
)

// fakeAudit keeps the kernel's rules in a file; augenrules loads those of rules.d,
// and like the kernel stops at one that is there twice.
const fakeAudit = `case $1 in
-s) [ ! -e @@/denied ] || exit 1
    if [ -e @@/units/auditd/active ]; then pid=4242; else pid=0; fi
    printf 'enabled %s\nfailure 1\npid %s\nrate_limit 0\n' "$(cat @@/enabled)" "$pid" ;;
-l) if [ -s @@/rules ]; then cat @@/rules; else echo 'No rules'; fi ;;
-e) echo "$2" >@@/enabled ;;
-W) grep -v -x -F -e "-w $2 -p $4 -k $6" @@/rules >@@/rules.new; cat @@/rules.new >@@/rules ;;
esac
`

const fakeAugenrules = `[ "$(cat @@/enabled)" != 2 ] || exit 1
: >@@/rules
cat @@/etc/audit/rules.d/*.rules | grep '^-w' | while read -r line; do
  if grep -q -x -F -e "$line" @@/rules || [ -e @@/full ]; then exit 1; fi
  echo "$line" >>@@/rules
done
cat @@/etc/audit/rules.d/*.rules >@@/etc/audit/audit.rules
`

func newAudit(t *testing.T, services ...string) *machine {
	t.Helper()
	m := newHost(t, services...)
	m.folder(t, "etc/audit/rules.d")
	m.program(t, "auditctl", fakeAudit)
	m.program(t, "augenrules", fakeAugenrules)
	m.write(t, "enabled", "1\n")
	m.write(t, "rules", "")
	const first = "## First rule\n-D\n-b 8192\n-w @/etc/passwd -p wa -k mine\n"
	m.write(t, "etc/audit/rules.d/audit.rules", strings.ReplaceAll(first, "@", m.root))
	m.write(t, "etc/audit/audit.rules", strings.ReplaceAll(first, "@", m.root))
	return m
}

func TestAuditingIsFoundMissingEnabledAndPutBack(t *testing.T) {
	m := newAudit(t, "auditd enabled active")
	m.write(t, "rules", "-w "+m.root+"/etc/passwd -p wa -k mine\n")
	repair{runbook: "linux.audit.enable", check: check.LinuxAudit, kept: []string{"etc", "units", "rules"}}.through(t, m)

	if o := m.phase(t, "linux.audit.enable", "remediate", nil, nil); !o.OK {
		t.Fatal(o.Error)
	}
	ours := m.read(t, "etc/audit/rules.d/60-osiris.rules")
	if strings.Contains(ours, "/etc/passwd") || strings.Count(ours, "-w ") != 4 || strings.Contains(ours, "execve") {
		t.Errorf("the file has what another has, or not the rest:\n%s", ours)
	}
}

func TestAuditingIsLeftAloneWhereItCannotBeMended(t *testing.T) {
	r := repair{runbook: "linux.audit.enable", kept: []string{"etc", "units"}}
	for _, test := range []struct {
		name, says string
		hurt       func(m *machine)
	}{
		{"the kernel does not answer", "does not answer", func(m *machine) { m.write(t, "denied", "") }},
		{"nothing is installed", "no audit daemon", func(m *machine) { m.remove(t, "bin/auditctl") }},
		{"files cannot be joined", "no augenrules", func(m *machine) { m.remove(t, "bin/augenrules") }},
		{"the admin's rules are in audit.rules", "would lose it (-w /srv/patients -p rwa)", func(m *machine) {
			m.write(t, "etc/audit/audit.rules", "# mine\n-D\n-b  8192\n-w /srv/patients -p rwa\n")
		}},
		{"there is no service", "no service auditd", func(m *machine) { m.remove(t, "units/auditd") }},
		{"the daemon does not start", "does not start", func(m *machine) {
			m.remove(t, "units/auditd/active")
			m.write(t, "units/auditd/broken", "")
		}},
		{"the kernel takes no rule", "does not take", func(m *machine) { m.write(t, "full", "") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newAudit(t, "auditd enabled active")
			test.hurt(m)
			r.refused(t, m, test.says)
		})
	}
	m := newAudit(t, "auditd enabled active")
	m.write(t, "denied", "")
	m.unknown(t, check.LinuxAudit, "does not answer")
	m.remove(t, "bin/auditctl")
	if v := m.judge(t, check.LinuxAudit, nil); v.Status != check.Fail || v.Actual != "no audit daemon" {
		t.Errorf("without auditctl: %v %s", v.Status, v.Actual)
	}
}

func TestImmutableAuditingWaitsForARestart(t *testing.T) {
	m := newAudit(t, "auditd enabled active")
	m.write(t, "enabled", "2\n")
	if o := m.phase(t, "linux.audit.enable", "remediate", nil, nil); !o.OK || !o.Changed || !o.Reboot {
		t.Errorf("remediate: %+v; want a change that asks for a restart", o)
	}
	if v := m.judge(t, check.LinuxAudit, nil); v.Status != check.Fail {
		t.Errorf("before the restart: %v", v.Status)
	}
}

func TestRulesOfAuditAreReadInEachSpelling(t *testing.T) {
	m := newAudit(t, "auditd enabled active")
	for name, rules := range map[string]string{
		"watches":      "-w @/etc/passwd -p wa\n-w @/etc/shadow -p rwxa -k x\n-w @/etc/group -p w\n-w @/etc/sudoers -p wa\n-w @/etc/sudoers.d/ -p wa\n",
		"a folder":     "-w @/etc/ -p wa -k etc\n",
		"auid":         "-a always,exit -F arch=b64 -F dir=@/etc -F perm=wa -F auid!=unset -k x\n",
		"never others": "-a never,exit -F arch=b64 -S adjtimex -F auid=unset\n-a never,exit -F dir=/var\n-w @/etc/ -p wa\n-a never,exit -S all\n",
		"syscall form": "-a always,exit -S all -F dir=@/etc -F perm=wa -F key=x\n",
	} {
		m.write(t, "rules", strings.ReplaceAll(rules, "@", m.root))
		if v := m.judge(t, check.LinuxAudit, nil); v.Status != check.Pass {
			t.Errorf("%s: %v %s", name, v.Status, v.Actual)
		}
	}
	for name, rules := range map[string]string{
		"one user's": "-a always,exit -S all -F dir=@/etc -F perm=w -F uid=4242\n", "some calls": "-a always,exit -S open -F dir=@/etc -F perm=wa\n",
		"never before": "-a never,exit -S all -F dir=@/etc\n-w @/etc/ -p wa\n", "never put first": "-w @/etc/ -p wa\n-A never,exit -F uid=0\n",
		"reads only": "-w @/etc/ -p r\n", "another folder": "-w @/et -p wa\n-w @/etc/pass -p wa\n", "never": "-a never,exit -F dir=@/etc -F perm=wa\n", "commented": "#-w @/etc/ -p wa\n",
	} {
		m.write(t, "rules", strings.ReplaceAll(rules, "@", m.root))
		if v := m.judge(t, check.LinuxAudit, nil); v.Status != check.Fail || strings.Count(v.Actual, ",") != 4 {
			t.Errorf("%s: %v %s", name, v.Status, v.Actual)
		}
	}
}

func TestAuditingThatWasOffIsOffAgain(t *testing.T) {
	m := newAudit(t, "auditd enabled active")
	m.write(t, "enabled", "0\n")
	snapshot := m.phase(t, "linux.audit.enable", "snapshot", nil, nil)
	if o := m.phase(t, "linux.audit.enable", "remediate", nil, nil); !o.OK || m.read(t, "enabled") != "1\n" {
		t.Fatalf("remediate: %+v", o)
	}
	if o := m.phase(t, "linux.audit.enable", "rollback", nil, snapshot.State); !o.OK || m.read(t, "enabled") != "0\n" {
		t.Errorf("rollback: %+v, and the kernel has %q", o, m.read(t, "enabled"))
	}
}
