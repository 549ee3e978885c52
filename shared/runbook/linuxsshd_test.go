package runbook_test

import (
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/check"
)

// connection is the SSH connection that scripts find in their environment.
const connection = "SSH_CONNECTION=192.0.2.7 40000 192.0.2.1 22"

// fakeSSHServer reads as sshd does: the first value counts, drop-ins come where the
// file includes them, and options of its command line before all.
const fakeSSHServer = `file=@@/etc/ssh/sshd_config options=
verb=$1
while [ $# -gt 1 ]; do
  shift
  case $1 in
  -f) file=$2 ;;
  -o*) options="$options ${1#-o}" ;;
  esac
done
case $verb in
-t) ! grep -qs broken @@/etc/ssh/sshd_config.d/*.conf ;;
-T) { for one in $options; do echo "${one%%=*} ${one#*=}"; done
    while read -r key value; do
      case $key in
      Include) cat @@/etc/ssh/sshd_config.d/*.conf 2>/dev/null ;;
      *) echo "$key $value" ;;
      esac
    done <$file; } | awk '
      { key = tolower($1) }
      key == "match" { exit }
      key == "challengeresponseauthentication" { key = "kbdinteractiveauthentication" }
      key !~ /^#/ && NF > 1 && !(key in have) { have[key] = $2 }
      END {
        default["port"] = 22; default["maxauthtries"] = 6; default["clientaliveinterval"] = 0; default["clientalivecountmax"] = 3
        default["passwordauthentication"] = "yes"; default["kbdinteractiveauthentication"] = "yes"; default["authenticationmethods"] = "any"
        default["permitrootlogin"] = "without-password"
        for (key in default) print key, key in have ? have[key] : default[key]
      }' ;;
esac
`

func newSSHServer(t *testing.T, config string) *machine {
	t.Helper()
	m := newHost(t, "ssh active enabled")
	m.program(t, "sshd", fakeSSHServer)
	m.write(t, "etc/ssh/sshd_config", strings.ReplaceAll(config, "Include x", "Include "+m.root+"/etc/ssh/sshd_config.d/*.conf"))
	m.env = append(m.env, connection)
	return m
}

var forbidRoot = repair{runbook: "linux.ssh_root.forbid", check: check.SSHRootLogin, kept: []string{"etc"}}

func TestRootLoginIsFoundForbiddenAndPutBack(t *testing.T) {
	for name, before := range map[string]string{"no drop-in before": "", "one before": "# 'mine' \\ and\ttabs\nPermitRootLogin yes\n"} {
		t.Run(name, func(t *testing.T) {
			m := newSSHServer(t, "Include x\nPermitRootLogin yes\n")
			if before != "" {
				m.write(t, "etc/ssh/sshd_config.d/00-osiris-root.conf", before)
			}
			forbidRoot.through(t, m)
		})
	}
}

func TestTheServerIsReloadedByTheNameThatItHas(t *testing.T) {
	m := newSSHServer(t, "Include x\nPermitRootLogin yes\n")
	m.remove(t, "units/ssh")
	m.folder(t, "units/sshd")
	m.write(t, "units/sshd/active", "")
	if o := m.phase(t, "linux.ssh_root.forbid", "remediate", nil, nil); !o.OK || m.read(t, "calls") != "reload sshd.service\n" {
		t.Errorf("remediate: %+v, and systemctl was told %q", o, m.read(t, "calls"))
	}
}

func TestRootLoginIsLeftAloneWhereMendingWouldHarm(t *testing.T) {
	for _, test := range []struct {
		name, config, says string
		hurt               func(m *machine)
	}{
		{"we are root", "Include x\n", "signs in as root", func(m *machine) { m.env = []string{"SUDO_USER=root"} }},
		{"we are root without sudo", "Include x\n", "signs in as root", func(m *machine) { m.env = nil }},
		{"the file comes first", "PermitRootLogin yes\nInclude x\n", "before it includes", func(*machine) {}},
		{"nothing is included", "PermitRootLogin yes\n", "includes none", func(*machine) {}},
		{"another drop-in is broken", "Include x\n", "refuses its configuration", func(m *machine) { m.write(t, "etc/ssh/sshd_config.d/50-x.conf", "broken\n") }},
		{"the server does not reload", "Include x\n", "does not reload", func(m *machine) { m.write(t, "units/ssh/broken", "") }},
		{"there is no server", "Include x\n", "no SSH server", func(m *machine) { m.remove(t, "bin/sshd") }},
		{"a Match block lets root in", "Include x\nPermitRootLogin no\nMatch Address 192.0.2.0/24\nPermitRootLogin yes\n", "a Match block", func(*machine) {}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newSSHServer(t, test.config)
			test.hurt(m)
			forbidRoot.refused(t, m, test.says)
		})
	}
}

func TestAKeyOnlyPolicyKeepsPasswordsOut(t *testing.T) {
	m := newSSHServer(t, "Include x\nPermitRootLogin yes\n")
	o := m.phase(t, "linux.ssh_root.forbid", "remediate", map[string]string{"allow_key_only": "yes"}, nil)
	if got := m.read(t, "etc/ssh/sshd_config.d/00-osiris-root.conf"); !o.OK || !strings.Contains(got, "PermitRootLogin prohibit-password\n") {
		t.Errorf("remediate: %+v, %q", o, got)
	}
}

var forbidPasswords = repair{runbook: "linux.ssh_password.forbid", check: check.SSHPasswordLogin, kept: []string{"etc"}}

func byKey(t *testing.T, m *machine) {
	m.write(t, "var/log/auth.log", "Nov 22 10:00:00 host sshd[1]: Accepted password for x from 192.0.2.7 port 40001 ssh2\n"+
		"2026-11-22T10:00:01.123456+01:00 host sshd-session[1]: Accepted publickey for osiris from 192.0.2.7 port 40000 ssh2: ED25519 SHA256:abc\n")
}

func TestPasswordsOfSSHAreFoundForbiddenAndPutBack(t *testing.T) {
	for name, before := range map[string]string{"no drop-in before": "", "one before": "# mine\nPasswordAuthentication yes\n"} {
		t.Run(name, func(t *testing.T) {
			m := newSSHServer(t, "Include x\nPasswordAuthentication yes\n")
			byKey(t, m)
			if before != "" {
				m.write(t, "etc/ssh/sshd_config.d/00-osiris-password.conf", before)
			}
			forbidPasswords.through(t, m)
			if got := m.read(t, "calls"); got != "reload ssh.service\nreload ssh.service\n" {
				t.Errorf("systemctl was told %q; want a reload by remediate and one by rollback", got)
			}
		})
	}
}

func TestPasswordsOfSSHAreLeftWhereSomebodyWouldBeLockedOut(t *testing.T) {
	for _, test := range []struct {
		name, config, says string
		hurt               func(m *machine)
	}{
		{"we came with a password", "Include x\n", "signs in with a password", func(m *machine) {
			m.write(t, "var/log/auth.log", "Nov  2 10:00:00 host sshd[1]: Accepted publickey for x from 192.0.2.7 port 40000 ssh2\nNov 22 10:00:00 host sshd[1]: Accepted password for x from 192.0.2.7 port 40000 ssh2\n")
		}},
		{"the journal knows better than a file", "Include x\n", "signs in with a password", func(m *machine) {
			m.folder(t, "run/systemd/journal")
			m.program(t, "journalctl", "case $* in *_UID=0*) echo 'Accepted password for x from 192.0.2.7 port 40000 ssh2' ;; esac\n")
		}},
		{"the log does not say", "Include x\n", "does not tell", func(m *machine) {
			m.write(t, "var/log/auth.log", "Nov  2 10:00:00 host sshd[1]: Accepted publickey for x from 192.0.2.7 port 4000 ssh2\nNov 22 10:00:00 host sshd[1]: Accepted publickey for x from 192.0.2.70 port 40000 ssh2\n")
		}},
		{"a login name says so", "Include x\n", "does not tell", func(m *machine) {
			m.write(t, "var/log/auth.log", "Nov 22 10:00:00 host sshd[1]: Invalid user Accepted publickey for a from 192.0.2.7 port 40000 ssh2 from 198.51.100.6 port 999\n"+
				"Nov 22 10:00:00 host sshd[1]: Accepted publickey for a from 192.0.2.7 port 40000 ssh2 from 198.51.100.6 port 999 ssh2\n"+
				"Nov 22 10:00:00 host mallory: sshd[1]: Accepted publickey for a from 192.0.2.7 port 40000 ssh2\n")
		}},
		{"a login name says so in the journal", "Include x\n", "signs in with a password", func(m *machine) {
			m.folder(t, "run/systemd/journal")
			m.program(t, "journalctl", "echo 'Accepted password for x from 192.0.2.7 port 40000 ssh2'\necho 'Invalid user Accepted publickey for a from 192.0.2.7 port 40000 ssh2 from 198.51.100.6 port 999'\n")
		}},
		{"only a file says so, to which anybody writes", "Include x\n", "does not tell", func(m *machine) {
			m.folder(t, "run/systemd/journal")
			m.program(t, "journalctl", "exit 0\n")
		}},
		{"a second factor would be switched off", "Include x\nAuthenticationMethods keyboard-interactive\n", "AuthenticationMethods names", func(*machine) {}},
		{"the second factor of some", "Include x\nMatch User a\n AuthenticationMethods publickey,keyboard-interactive\n", "AuthenticationMethods names", func(*machine) {}},
		{"a Match block that lists passwords", "Include x\nMatch User a\n AuthenticationMethods password\n", "a Match block", func(*machine) {}},
		{"the command line of the server wins", "Include x\n", "command line", func(m *machine) {
			ancestors(t, m, "sshd: /usr/sbin/sshd -D -o PasswordAuthentication=yes [listener] 0 of 10-100 startups")
		}},
		{"nobody reloads the server", "Include x\n", "does not reload", func(m *machine) { m.remove(t, "units/ssh") }},
		{"there is no log", "Include x\n", "does not tell", func(m *machine) { m.remove(t, "var/log/auth.log") }},
		{"the connection is not known", "Include x\n", "cannot be told", func(m *machine) { m.env = []string{"SUDO_USER=osiris"} }},
		{"the connection is nonsense", "Include x\n", "cannot be told", func(m *machine) { m.env = append(m.env, "SSH_CONNECTION=x y") }},
		{"the file comes first", "PasswordAuthentication yes\nInclude x\n", "before it includes", func(*machine) {}},
		{"nothing is included", "PasswordAuthentication yes\n", "includes none", func(*machine) {}},
		{"another drop-in is broken", "Include x\n", "refuses its configuration", func(m *machine) { m.write(t, "etc/ssh/sshd_config.d/50-x.conf", "broken\n") }},
		{"a Match block", "Include x\n", "a Match block", func(m *machine) {
			m.write(t, "etc/ssh/sshd_config.d/60-x.conf", "Match User scan\n\tPasswordAuthentication yes\n")
		}},
		{"the server does not reload", "Include x\n", "does not reload", func(m *machine) { m.write(t, "units/ssh/broken", "") }},
		{"there is no server", "Include x\n", "no SSH server", func(m *machine) { m.remove(t, "bin/sshd") }},
		{"there are no drop-ins", "Include x\n", "takes no drop-ins", func(m *machine) { m.remove(t, "etc/ssh/sshd_config.d") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newSSHServer(t, test.config)
			byKey(t, m)
			test.hurt(m)
			forbidPasswords.refused(t, m, test.says)
		})
	}
}

func TestAMatchBlockAndAKeyThatIsAlwaysAskedForAreSeen(t *testing.T) {
	m := newSSHServer(t, "PasswordAuthentication no\nKbdInteractiveAuthentication no\nInclude x\n")
	if v := m.judge(t, check.SSHPasswordLogin, nil); v.Status != check.Pass {
		t.Errorf("without any: %v %s", v.Status, v.Reason)
	}
	m.write(t, "etc/ssh/sshd_config.d/60-x.conf", "Match User scan\n  PasswordAuthentication=\"yes\"\n")
	m.write(t, "etc/ssh/sshd_config.d/70-x.conf", "PasswordAuthentication yes\n") // no longer in the block
	if v := m.judge(t, check.SSHPasswordLogin, nil); v.Status != check.Fail || v.Actual != "passwords for some" {
		t.Errorf("with a Match block: %v %s %s", v.Status, v.Actual, v.Reason)
	}
	m.program(t, "sshd", "printf 'passwordauthentication yes\\nkbdinteractiveauthentication yes\\nauthenticationmethods publickey,password publickey,keyboard-interactive\\n'\n")
	if v := m.judge(t, check.SSHPasswordLogin, nil); v.Status != check.Pass {
		t.Errorf("with a key always: %v %s", v.Status, v.Reason)
	}
	m.program(t, "sshd", "printf 'passwordauthentication yes\\nkbdinteractiveauthentication yes\\nauthenticationmethods publickey password\\n'\n")
	if v := m.judge(t, check.SSHPasswordLogin, nil); v.Status != check.Fail {
		t.Errorf("with a key or a password: %v %s", v.Status, v.Reason)
	}
	m.program(t, "sshd", "echo passwordauthentication no\n")
	m.unknown(t, check.SSHPasswordLogin, "did not name")
	m.program(t, "sshd", "exit 1\n")
	m.unknown(t, check.SSHPasswordLogin, "needs root")
	m.unknown(t, check.SSHSessions, "needs root")
	m.unknown(t, check.SSHRootLogin, "needs root")
	m.remove(t, "bin/sshd")
	m.program(t, "dropbear", "exit 0\n")
	m.unknown(t, check.SSHRootLogin, "dropbear")
	m.remove(t, "bin/dropbear")
	m.unknown(t, check.SSHRootLogin, "the SSH server that this came over")
	m.env = []string{"SUDO_USER=osiris"}
	for _, id := range []check.ID{check.SSHPasswordLogin, check.SSHSessions, check.SSHRootLogin} {
		if v := m.judge(t, id, nil); v.Status != check.NotApplicable {
			t.Errorf("%s without a server: %v", id, v.Status)
		}
	}
}

var limitSessions = repair{runbook: "linux.ssh_session.limit", check: check.SSHSessions, kept: []string{"etc"}}

func TestSessionsOfSSHAreFoundLimitedAndPutBack(t *testing.T) {
	for _, test := range []struct{ name, config, want string }{
		{"as distributions have it", "Include x\n", "MaxAuthTries 4\nClientAliveInterval 300\nClientAliveCountMax 3\n"},
		{"tries are few", "Include x\nMaxAuthTries 3\n", "MaxAuthTries 3\nClientAliveInterval 300\nClientAliveCountMax 3\n"},
		{"sessions end soon", "Include x\nClientAliveInterval 60\nClientAliveCountMax 2\n", "MaxAuthTries 4\nClientAliveInterval 60\nClientAliveCountMax 2\n"},
		{"a count of 0", "Include x\nClientAliveInterval 60\nClientAliveCountMax 0\n", "MaxAuthTries 4\nClientAliveInterval 300\nClientAliveCountMax 3\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newSSHServer(t, test.config)
			limitSessions.through(t, m)
			if o := m.phase(t, "linux.ssh_session.limit", "remediate", nil, nil); !o.OK {
				t.Fatal(o.Error)
			}
			if got := m.read(t, "etc/ssh/sshd_config.d/00-osiris-session.conf"); !strings.HasSuffix(got, test.want) {
				t.Errorf("the drop-in is %q; want it to end with %q", got, test.want)
			}
		})
	}
}

func TestSessionsOfSSHAreLeftAloneWhereMendingWouldHarm(t *testing.T) {
	for _, test := range []struct {
		name, config, says string
		parameters         map[string]string
	}{
		{"one try", "Include x\n", "less than 2", map[string]string{"max_auth_tries": "1"}},
		{"a policy that is no number", "Include x\n", "less than 2", map[string]string{"max_auth_tries": "x"}},
		{"a short break would end sessions", "Include x\n", "less than 30", map[string]string{"max_idle_seconds": "29"}},
		{"the file comes first", "MaxAuthTries 6\nInclude x\n", "before it includes", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := limitSessions
			r.parameters = test.parameters
			r.refused(t, newSSHServer(t, test.config), test.says)
		})
	}
}
