package runbook_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/shared/check"
)

const noPassword = "root:$6$abcdefghijk:19000:0:99999:7:::\nanna::19000:0:99999:7:::\nscan::19000::::::\nbert:!:19000::::::\ndaemon:*:19000::::::\n"

func newAccounts(t *testing.T) *machine {
	t.Helper()
	m := newHost(t)
	m.write(t, "etc/passwd", "root:x:0:0::/root:/bin/sh\nanna:x:1000:1000::/h:/bin/sh\nscan:x:1001:1001::/h:/bin/sh\nbert:x:1002:1002::/h:/bin/sh\ndaemon:x:1:1::/:/bin/false\n+nis::::::\n")
	m.write(t, "etc/shadow", noPassword)
	m.program(t, "chpasswd", `[ "$1" = -e ] && [ ! -e @@/readonly ] || exit 1
while IFS=: read -r name hash; do
  awk -F: -v OFS=: -v name="$name" -v hash="$hash" '$1 == name { $2 = hash } { print }' @@/etc/shadow >@@/shadow.new && cat @@/shadow.new >@@/etc/shadow
done
`)
	m.program(t, "passwd", `[ "$1" = -d ] || exit 1
awk -F: -v OFS=: -v name="$2" '$1 == name { $2 = "" } { print }' @@/etc/shadow >@@/shadow.new && cat @@/shadow.new >@@/etc/shadow
`)
	return m
}

func TestAccountsWithoutAPasswordAreFoundLockedAndPutBack(t *testing.T) {
	m := newAccounts(t)
	if v := m.judge(t, check.LinuxEmptyPassword, nil); v.Actual != "anna, scan" {
		t.Errorf("detect names %q", v.Actual)
	}
	repair{runbook: "linux.accounts.lock", check: check.LinuxEmptyPassword, kept: []string{"etc"}}.through(t, m)

	snapshot := m.phase(t, "linux.accounts.lock", "snapshot", nil, nil)
	if strings.Contains(string(snapshot.State), "$6$") {
		t.Errorf("the snapshot %s has a hash", snapshot.State)
	}
	m.write(t, "etc/shadow", strings.Replace(noPassword, "anna::", "anna:$6$new:", 1))
	if o := m.phase(t, "linux.accounts.lock", "rollback", nil, snapshot.State); !o.OK || !strings.Contains(m.read(t, "etc/shadow"), "anna:$6$new:") {
		t.Errorf("rollback %+v took the password that anna has since", o)
	}
}

func TestAccountsAreLeftAloneWhereMendingWouldHarm(t *testing.T) {
	r := repair{runbook: "linux.accounts.lock", kept: []string{"etc"}}
	for _, test := range []struct {
		name, says string
		hurt       func(m *machine)
	}{
		{"it is our own", "the account of this road", func(m *machine) { m.env = []string{"SUDO_USER=anna"} }},
		{"nothing can be written", "cannot be changed", func(m *machine) { m.write(t, "readonly", "") }},
		{"the password is in passwd", "pwconv", func(m *machine) { m.write(t, "etc/passwd", "root:x:0:0::/root:/bin/sh\nanna::1000:1000::/h:/bin/sh\n") }},
		{"a name that is none", "unusual", func(m *machine) {
			m.write(t, "etc/passwd", "a$b:x:1000:1000::/h:/bin/sh\n")
			m.write(t, "etc/shadow", "a$b::1::::::\n")
		}},
		{"there is no program", "no chpasswd", func(m *machine) { m.remove(t, "bin/chpasswd") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newAccounts(t)
			test.hurt(m)
			r.refused(t, m, test.says)
		})
	}
}

func TestAccountsAreReadWithoutTheirHashes(t *testing.T) {
	m := newAccounts(t)
	m.write(t, "etc/passwd", "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\nanna:x:1000:1000::/h:/bin/sh\nbert:x:1000:1000::/h:/bin/sh\n")
	m.write(t, "etc/shadow", "root:$6$abcdefghijk:19000:0:99999:7:::\nanna:$y$j9T$abcdefgh:19000::::::\nbert:!$6$abcdefghijk:1::90::::\n")
	m.folder(t, "etc/pam.d")
	m.write(t, "etc/pam.d/common-auth", "# auth required pam_faillock.so\nauth\t[success=1 default=ignore]\tpam_unix.so nullok\n")
	o := m.run(t, "linux/facts/linux_accounts.sh", nil, nil)
	want := check.Facts{
		{Name: "accounts", Value: "4"},
		{Name: "superuser", Value: "toor"},
		{Name: "same_id", Value: "0: root toor"},
		{Name: "same_id", Value: "1000: anna bert"},
		{Name: "account", Value: "Name=root;MaxDays=99999"},
		{Name: "account", Value: "Name=anna"},
		{Name: "lockout", Value: "no"},
	}
	slices.SortStableFunc(o.Facts, func(a, b check.Fact) int {
		if a.Name == "same_id" && b.Name == "same_id" {
			return strings.Compare(a.Value, b.Value)
		}
		return 0
	})
	if diff := cmp.Diff(want, o.Facts); diff != "" || !o.OK {
		t.Errorf("facts differ (-want +got), %q:\n%s", o.Error, diff)
	}
	m.write(t, "etc/pam.d/common-auth", "auth\trequired\tpam_faillock.so preauth\n")
	if v := m.judge(t, check.LinuxAccounts, nil); v.Status != check.Fail || v.Severity != check.Critical {
		t.Errorf("Judge = %v %s", v.Status, v.Reason)
	}
	m.remove(t, "etc/shadow")
	m.unknown(t, check.LinuxAccounts, "needs root")
	m.unknown(t, check.LinuxEmptyPassword, "needs root")
	m.remove(t, "etc/passwd")
	m.unknown(t, check.LinuxAccounts, "accounts cannot be read")
}

func TestALockoutThatNeverLocksIsNone(t *testing.T) {
	const line = "auth\trequired\tpam_faillock.so preauth\n"
	for _, test := range []struct{ name, system, password, conf, want string }{
		{"in both", line, line, "# deny = 0\n", "yes"},
		{"in one of them", line, "auth sufficient pam_unix.so\n", "", "no"},
		{"switched off in its file", line, line, "deny = 0\n", "no"},
		{"switched on in its line", "auth required pam_faillock.so deny=5\n", "auth required pam_faillock.so deny=5\n", "deny=0\n", "yes"},
		{"switched off in its line", line, "auth required pam_faillock.so authfail deny=0\n", "", "no"},
		{"the old one without a number", "auth required pam_tally2.so onerr=fail\n", "auth required pam_tally2.so\n", "", "no"},
	} {
		m := newAccounts(t)
		m.folder(t, "etc/pam.d", "etc/security")
		m.write(t, "etc/pam.d/system-auth", test.system)
		m.write(t, "etc/pam.d/password-auth", test.password)
		m.write(t, "etc/security/faillock.conf", test.conf)
		if got, _ := m.run(t, "linux/facts/linux_accounts.sh", nil, nil).Facts.Get("lockout"); got != test.want {
			t.Errorf("%s: %q; want %q", test.name, got, test.want)
		}
	}
}

func TestManyAccountsAreCutWithACount(t *testing.T) {
	m := newAccounts(t)
	var passwd, shadow strings.Builder
	for i := range 130 {
		name := fmt.Sprintf("u%03d", i)
		fmt.Fprintf(&passwd, "%s:x:0:0::/h:/bin/sh\n%sx:x:%d:1::/h:/bin/sh\n%sy:x:%d:1::/h:/bin/sh\n", name, name, 1000+i, name, 1000+i)
		fmt.Fprintf(&shadow, "%s::1::::::\n%sx:$6$abcdefghijk:1::::::\n", name, name)
	}
	m.write(t, "etc/passwd", passwd.String())
	m.write(t, "etc/shadow", shadow.String())
	counts := map[string]int{}
	o := m.run(t, "linux/facts/linux_accounts.sh", nil, nil)
	empty := m.run(t, "linux/facts/linux_empty_password.sh", nil, nil)
	if !o.OK || !empty.OK {
		t.Fatalf("%+v, %+v", o.Error, empty.Error)
	}
	cut := map[string]bool{}
	for _, f := range append(o.Facts, empty.Facts...) {
		counts[f.Name]++
		cut[f.Name+" "+f.Value] = true
	}
	want := map[string]int{"accounts": 2, "superuser": 21, "same_id": 21, "account": 100, "account_more": 1, "empty_password": 21}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("the facts are (-want +got):\n%s", diff)
	}
	for _, line := range []string{"superuser and 110 more", "same_id and 111 more", "account_more 30", "empty_password and 110 more"} {
		if !cut[line] {
			t.Errorf("there is no %q", line)
		}
	}
}
