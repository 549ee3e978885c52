package runbook_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// linuxSeeds are the seeds' 16 runbooks of Linux (domain notes 11).
var linuxSeeds = map[string]string{
	"LIN-SSH-001":   "linux.ssh_root.forbid",
	"LIN-SSH-002":   "linux.ssh_password.forbid",
	"LIN-SSH-003":   "linux.ssh_session.limit",
	"LIN-FW-001":    "linux.firewall.enable",
	"LIN-AUDIT-001": "linux.audit.enable",
	"LIN-LOG-001":   "linux.log.forward",
	"LIN-TIME-001":  "linux.time.enable",
	"LIN-KERN-001":  "linux.sysctl.harden",
	"LIN-ACCT-001":  "linux.accounts.lock",

	"LIN-PATCH-001":  "linux.patches.install",
	"LIN-CRYPT-001":  "linux.encryption.review",
	"LIN-PERM-001":   "linux.permissions.restrict",
	"LIN-INTEG-001":  "linux.integrity.start",
	"LIN-BACKUP-001": "linux.backup.run",
	"LIN-CRON-001":   "linux.scheduled.review",
	"LIN-SVC-001":    "linux.services.restart",
}

func TestEverySeedOfLinuxHasItsRunbook(t *testing.T) {
	got := map[string]string{}
	for _, r := range load(t).All() {
		for _, seed := range r.SeedIDs {
			if r.Platform == "linux" {
				got[seed] = r.ID
			}
		}
	}
	if diff := cmp.Diff(linuxSeeds, got); diff != "" {
		t.Errorf("the seeds' ids differ (-want +got):\n%s", diff)
	}
}

// What cannot be undone, or would keep everybody out when it goes wrong, or takes
// knowing what somebody meant.
func TestWhatNeedsAPersonOnlyAlertsOnLinux(t *testing.T) {
	want := []string{
		"linux.accounts.review", "linux.encryption.review", "linux.restore.review", "linux.scheduled.review",
	}
	var got []string
	for _, r := range load(t).All() {
		if r.AlertOnly && r.Platform == "linux" {
			got = append(got, r.ID)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("alert-only runbooks differ (-want +got):\n%s", diff)
	}
}

func TestEveryRunbookOfLinuxHasARoadOverSSH(t *testing.T) {
	for _, r := range load(t).All() {
		if r.Platform == "linux" && (r.Roads.SSH == nil || !r.AlertOnly && r.Roads.SSH.Remediate.Script == nil) {
			t.Errorf("%s has none, or no script", r.ID)
		}
	}
}

// fakeServices is systemctl over a folder for each service, which has the files
// active and enabled, or broken.
const fakeServices = `verb=$1
for unit; do :; done
name=${unit%.service}
folder=@@/units/$name
case $verb in
show) [ -d "$folder" ] && printf 'Id=%s\nLoadState=loaded\n' "$unit"; exit 0 ;;
is-active) [ -e "$folder/active" ] ; exit ;;
is-enabled) [ -e "$folder/enabled" ] ; exit ;;
esac
echo "$*" >>@@/calls
[ -d "$folder" ] || exit 5
case $verb in
start | restart) [ ! -e "$folder/broken" ] && : >"$folder/active" ;;
reload) [ ! -e "$folder/broken" ] ;;
stop) rm -f "$folder/active" ;;
enable) : >"$folder/enabled" ;;
disable) rm -f "$folder/enabled" ;;
esac
`

// newHost is a machine with services, time that does not pass, and the programs
// that scripts need beside those of newMachine.
func newHost(t *testing.T, services ...string) *machine {
	t.Helper()
	m := newMachine(t)
	for _, name := range []string{"tail", "sort", "mkdir", "rmdir", "readlink", "find", "date"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		m.program(t, name, "exec "+path+` "$@"`+"\n")
	}
	m.program(t, "sleep", "exit 0\n")
	m.program(t, "systemctl", fakeServices)
	m.folder(t, "units", "var/log", "proc/net", "proc/1")
	for _, service := range services {
		name, state, _ := strings.Cut(service, " ")
		m.folder(t, "units/"+name)
		for word := range strings.FieldsSeq(state) {
			m.write(t, "units/"+name+"/"+word, "")
		}
	}
	return m
}

func (m *machine) folder(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.MkdirAll(filepath.Join(m.root, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func (m *machine) remove(t *testing.T, name string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(m.root, name)); err != nil {
		t.Fatal(err)
	}
}

// service tells the state of one as newHost takes it.
func (m *machine) service(name string) string {
	state := name
	for _, word := range []string{"active", "enabled"} {
		if _, err := os.Stat(filepath.Join(m.root, "units", name, word)); err == nil {
			state += " " + word
		}
	}
	return state
}

// tree is every file below folders with its text, for comparing before and after.
func (m *machine) tree(t *testing.T, folders ...string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, folder := range folders {
		err := filepath.Walk(filepath.Join(m.root, folder), func(path string, info os.FileInfo, err error) error {
			if os.IsNotExist(err) {
				return nil
			}
			if err != nil || info.IsDir() {
				return err
			}
			content, err := os.ReadFile(path)
			files[strings.TrimPrefix(path, m.root)] = string(content)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// repair takes a host through a runbook: broken, found, mended, verified, mended
// again without a change, put back.
type repair struct {
	runbook    string
	check      check.ID
	parameters map[string]string
	policy     check.Parameters
	// kept are folders that rollback leaves as they were.
	kept []string
	// again is what a second remediate changes: nothing, but for those that cannot tell.
	again bool
}

func (r repair) through(t *testing.T, m *machine) {
	t.Helper()
	before := m.tree(t, r.kept...)
	if v := m.judge(t, r.check, r.policy); v.Status != check.Fail {
		t.Fatalf("detect: %v %s %s; want a failure", v.Status, v.Actual, v.Reason)
	}
	snapshot := m.phase(t, r.runbook, "snapshot", r.parameters, nil)
	if !snapshot.OK {
		t.Fatalf("snapshot: %+v", snapshot)
	}
	if diff := cmp.Diff(before, m.tree(t, r.kept...)); diff != "" {
		t.Fatalf("the snapshot changed something:\n%s", diff)
	}
	for i := range 2 {
		if o := m.phase(t, r.runbook, "remediate", r.parameters, nil); !o.OK || o.Changed != (i == 0 || r.again) {
			t.Fatalf("remediate, time %d: %+v", i+1, o)
		}
	}
	if v := m.judge(t, r.check, r.policy); v.Status != check.Pass {
		t.Errorf("verify: %v %s %s; want a pass", v.Status, v.Actual, v.Reason)
	}
	if o := m.phase(t, r.runbook, "rollback", r.parameters, snapshot.State); !o.OK || !o.Changed {
		t.Fatalf("rollback: %+v", o)
	}
	if diff := cmp.Diff(before, m.tree(t, r.kept...)); diff != "" {
		t.Errorf("after rollback the host differs (-before +after):\n%s", diff)
	}
	for _, alien := range []string{`""`, `"x"`, `"present"`} {
		if o := m.phase(t, r.runbook, "rollback", r.parameters, json.RawMessage(alien)); o.OK {
			t.Errorf("rollback of the snapshot %s: %+v; want it refused", alien, o)
		}
	}
}

// refused is where remediate says why not, and leaves everything as it is.
func (r repair) refused(t *testing.T, m *machine, says string) {
	t.Helper()
	before := m.tree(t, r.kept...)
	o := m.phase(t, r.runbook, "remediate", r.parameters, nil)
	if o.OK || !strings.Contains(o.Error, says) {
		t.Errorf("remediate: %+v; want an error saying %q", o, says)
	}
	if diff := cmp.Diff(before, m.tree(t, r.kept...)); diff != "" {
		t.Errorf("it left a change:\n%s", diff)
	}
}

func (m *machine) phase(t *testing.T, id, kind string, parameters map[string]string, state json.RawMessage) runbook.Outcome {
	t.Helper()
	r, err := load(t).Get(id)
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]string{}
	for name, value := range parameters {
		if _, own := r.Parameters[name]; own {
			given[name] = value
		}
	}
	policy := func(check.ID) check.Parameters {
		return func(name string) (string, bool) { value, ok := parameters[name]; return value, ok }
	}
	if given, err = r.ForScripts(r.Roads.SSH, given, policy); err != nil {
		t.Fatal(err)
	}
	return m.run(t, "linux/"+id+"."+kind+".sh", given, state)
}

func (m *machine) unknown(t *testing.T, id check.ID, says string) {
	t.Helper()
	if v := m.judge(t, id, nil); v.Status != check.Unknown || !strings.Contains(v.Reason, says) {
		t.Errorf("Judge(%s) = %v %s; want unknown saying %q", id, v.Status, v.Reason, says)
	}
}

// etc are the runbooks of this file that write below /etc, which NixOS makes anew;
// linux.ssh_root.forbid is linux_test.go's.
var etc = []string{
	"linux.ssh_password.forbid", "linux.ssh_session.limit", "linux.firewall.enable", "linux.audit.enable",
	"linux.log.forward", "linux.time.enable", "linux.sysctl.harden", "linux.accounts.lock",
}

func TestNixOSIsLeftToItsConfiguration(t *testing.T) {
	for _, r := range load(t).All() {
		if r.Platform != "linux" || r.AlertOnly || !slices.Contains(etc, r.ID) {
			continue
		}
		t.Run(r.ID, func(t *testing.T) {
			m := newHost(t, "ssh active enabled")
			m.program(t, "sshd", fakeSSHServer)
			m.program(t, "rsyslogd", "exit 0\n")
			m.program(t, "nft", "exit 0\n")
			m.program(t, "journalctl", "echo 'Accepted publickey for osiris from 192.0.2.7 port 40000 ssh2'\n")
			m.env = append(m.env, connection)
			m.write(t, "etc/ssh/sshd_config", "Include x\n")
			m.write(t, "etc/NIXOS", "")
			m.write(t, "etc/passwd", "root:x:0:0::/root:/bin/sh\n")
			m.write(t, "etc/shadow", "root:*:1::::::\n")
			repair{runbook: r.ID, kept: []string{"etc", "units"}, parameters: map[string]string{"log_host": "log.example.org"}}.refused(t, m, "configuration.nix")
		})
	}
}

// connection is the SSH connection that scripts find in their environment.
const connection = "SSH_CONNECTION=192.0.2.7 40000 192.0.2.1 22"

// fakeSSHServer reads as sshd does: the first value counts, drop-ins come where the
// file includes them.
const fakeSSHServer = `case $1 in
-t) ! grep -qs broken @@/etc/ssh/sshd_config.d/*.conf ;;
-T) while read -r key value; do
      case $key in
      Include) cat @@/etc/ssh/sshd_config.d/*.conf 2>/dev/null ;;
      *) echo "$key $value" ;;
      esac
    done <@@/etc/ssh/sshd_config | awk '
      { key = tolower($1) }
      key == "match" { exit }
      key == "challengeresponseauthentication" { key = "kbdinteractiveauthentication" }
      key !~ /^#/ && NF > 1 && !(key in have) { have[key] = $2 }
      END {
        default["port"] = 22; default["maxauthtries"] = 6; default["clientaliveinterval"] = 0; default["clientalivecountmax"] = 3
        default["passwordauthentication"] = "yes"; default["kbdinteractiveauthentication"] = "yes"; default["authenticationmethods"] = "any"
        for (key in default) print key, key in have ? have[key] : default[key]
      }' ;;
esac
`

func newSSHServer(t *testing.T, config string) *machine {
	t.Helper()
	m := newHost(t, "ssh active enabled")
	m.program(t, "sshd", fakeSSHServer)
	m.write(t, "etc/ssh/sshd_config", config)
	m.env = append(m.env, connection)
	return m
}

var forbidPasswords = repair{runbook: "linux.ssh_password.forbid", check: check.SSHPasswordLogin, kept: []string{"etc"}}

func byKey(t *testing.T, m *machine) {
	m.write(t, "var/log/auth.log", "Nov 22 host sshd[1]: Accepted password for x from 192.0.2.7 port 40001 ssh2\n"+
		"Nov 22 host sshd[1]: Accepted publickey for osiris from 192.0.2.7 port 40000 ssh2: ED25519 SHA256:abc\n")
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
			m.write(t, "var/log/auth.log", "sshd: Accepted publickey for x from 192.0.2.7 port 40000 ssh2\nsshd: Accepted password for x from 192.0.2.7 port 40000 ssh2\n")
		}},
		{"the log does not say", "Include x\n", "does not tell", func(m *machine) {
			m.write(t, "var/log/auth.log", "sshd: Accepted publickey for x from 192.0.2.7 port 4000 ssh2\nsshd: Accepted publickey for x from 192.0.2.70 port 40000 ssh2\n")
		}},
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

func TestTheConnectionIsFoundBehindSudo(t *testing.T) {
	// The shell's own number is not known beforehand: its folder is made by the
	// program that the script asks first.
	m := newSSHServer(t, "Include x\n")
	byKey(t, m)
	m.env = []string{"SUDO_USER=osiris"}
	m.folder(t, "proc/77", "proc/66")
	m.write(t, "proc/77/environ", "A=1\x00SUDO_USER=osiris\x00")
	m.write(t, "proc/77/status", "Name:\tsudo\nPPid:\t66\n")
	m.write(t, "proc/66/environ", "SSH_CONNECTION=192.0.2.7 40000 192.0.2.1 22\x00USER=osiris\x00")
	m.write(t, "proc/66/status", "PPid:\t1\n")
	m.program(t, "awk", `case $* in
*PPid*) case $* in
  */77/status | */66/status) ;;
  *) echo 77; exit ;;
  esac ;;
esac
exec `+lookup(t, "awk")+` "$@"
`)
	if o := m.phase(t, "linux.ssh_password.forbid", "remediate", nil, nil); !o.OK || !o.Changed {
		t.Errorf("remediate: %+v", o)
	}
}

func lookup(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
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
	m.remove(t, "bin/sshd")
	for _, id := range []check.ID{check.SSHPasswordLogin, check.SSHSessions} {
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

func TestLogsAreSentAndNotAnyMore(t *testing.T) {
	m := newHost(t, "rsyslog active enabled")
	m.write(t, "etc/rsyslog.conf", "module(load=\"imuxsock\")\n$WorkDirectory /var/spool/rsyslog\n$IncludeConfig x\n*.* -/var/log/syslog\n")
	m.folder(t, "etc/rsyslog.d", "run/systemd/journal")
	m.program(t, "rsyslogd", "[ \"$1\" = -N1 ] && ! grep -qs broken @@/etc/rsyslog.d/*.conf\n")
	m.program(t, "logger", "exit 0\n")
	m.program(t, "getent", "[ \"$2\" = log.example.org ] && echo '192.0.2.9 STREAM log.example.org'\n")
	m.write(t, "proc/net/tcp", "  sl  local_address rem_address   st\n   0: 0100007F:0202 090200C0:0202 01 0\n")
	r := repair{runbook: "linux.log.forward", check: check.LogForwarding, kept: []string{"etc", "units"}, parameters: map[string]string{"log_host": "log.example.org"}}
	r.through(t, m)

	for _, test := range []struct {
		name, says string
		hurt       func(m *machine)
		parameters map[string]string
	}{
		{"the policy names no host", "names no log_host", func(*machine) {}, nil},
		{"the host is no name", "neither a name", func(*machine) {}, map[string]string{"log_host": "-x"}},
		{"the port is none", "no port", func(*machine) {}, map[string]string{"log_host": "log.example.org", "log_port": "70000"}},
		{"rsyslog refuses it", "refuses its configuration", func(m *machine) { m.write(t, "etc/rsyslog.d/50-x.conf", "broken\n") }, r.parameters},
		{"rsyslog does not start", "does not restart", func(m *machine) {
			m.remove(t, "etc/rsyslog.d/50-x.conf")
			m.write(t, "units/rsyslog/broken", "")
		}, r.parameters},
		{"there is only the journal", "there is no rsyslog", func(m *machine) { m.remove(t, "bin/rsyslogd") }, r.parameters},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.hurt(m)
			r.parameters = test.parameters
			r.refused(t, m, test.says)
		})
	}
}

func TestWhereLogsGoIsReadFromEachOfTheirFiles(t *testing.T) {
	m := newHost(t, "rsyslog active enabled", "systemd-journal-upload active", "fluent-bit")
	m.folder(t, "etc/rsyslog.d", "etc/systemd/journal-upload.conf.d", "etc/conf.d")
	m.program(t, "getent", "exit 2\n")
	m.write(t, "etc/rsyslog.conf", strings.Join([]string{
		"# *.* @@commented.example.org", "*.* @192.0.2.1", "auth.*\t@@(o)log.example.org:10514", "*.* @@[2001:db8::1]:514",
		`*.* action(type="omfwd" Target="a.example.org"`, `   port="6514" protocol="TCP" # why`, `   queue.type="linkedList")`,
		`*.* action(type="omrelp" target="b.example.org" port="2514")`, `*.* action(type="omfile" file="/var/log/x")`, `*.* action(type="omfwd" target="c.example.org")`,
		"mail.* /var/log/user@example.org",
	}, "\n"))
	m.write(t, "etc/systemd/journal-upload.conf", "[Upload]\n# URL=\nURL=https://j.example.org\n")
	m.write(t, "etc/conf.d/syslog", "SYSLOGD_OPTS=\"-t -R 192.0.2.8:514\"\n")
	m.write(t, "proc/net/tcp", "  sl  local_address rem_address   st\n   0: 0100007F:0202 090200C0:1972 01 0\n   1: 0100007F:0202 090200C0:09D2 06 0\n")
	o := m.run(t, "linux/facts/log_forwarding.sh", nil, nil)
	want := check.Facts{
		{Name: "logs", Value: "rsyslog"},
		{Name: "forwarder", Value: "Product=rsyslog;Active=yes;Host=192.0.2.1;Port=514;Protocol=udp"},
		{Name: "forwarder", Value: "Product=rsyslog;Active=yes;Host=log.example.org;Port=10514;Protocol=tcp;Connected=no"},
		{Name: "forwarder", Value: "Product=rsyslog;Active=yes;Host=2001:db8::1;Port=514;Protocol=tcp;Connected=no"},
		{Name: "forwarder", Value: "Product=rsyslog;Active=yes;Host=a.example.org;Port=6514;Protocol=tcp;Connected=yes"},
		{Name: "forwarder", Value: "Product=rsyslog;Active=yes;Host=b.example.org;Port=2514;Protocol=tcp;Connected=no"},
		{Name: "forwarder", Value: "Product=rsyslog;Active=yes;Host=c.example.org;Port=514;Protocol=udp"},
		{Name: "forwarder", Value: "Product=systemd-journal-upload;Active=yes;Host=j.example.org;Port=19532;Protocol=tcp;Connected=no"},
		{Name: "logs", Value: "syslogd"},
		{Name: "forwarder", Value: "Product=syslogd;Active=no;Host=192.0.2.8;Port=514;Protocol=udp"},
		{Name: "logs", Value: "fluent-bit"},
		{Name: "forwarder", Value: "Product=fluent-bit;Active=no;Protocol=agent"},
	}
	if diff := cmp.Diff(want, o.Facts); diff != "" || !o.OK {
		t.Errorf("facts differ (-want +got), %q:\n%s", o.Error, diff)
	}
	newHost(t).unknown(t, check.LogForwarding, "could not be read")
}

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
`

func newAudit(t *testing.T, services ...string) *machine {
	t.Helper()
	m := newHost(t, services...)
	m.folder(t, "etc/audit/rules.d")
	m.program(t, "auditctl", fakeAudit)
	m.program(t, "augenrules", fakeAugenrules)
	m.write(t, "enabled", "1\n")
	m.write(t, "rules", "")
	m.write(t, "etc/audit/rules.d/audit.rules", "## First rule\n-D\n-b 8192\n-w "+m.root+"/etc/passwd -p wa -k mine\n")
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
		"syscall form": "-a always,exit -S all -F dir=@/etc -F perm=wa -F key=x\n",
	} {
		m.write(t, "rules", strings.ReplaceAll(rules, "@", m.root))
		if v := m.judge(t, check.LinuxAudit, nil); v.Status != check.Pass {
			t.Errorf("%s: %v %s", name, v.Status, v.Actual)
		}
	}
	for name, rules := range map[string]string{
		"reads only": "-w @/etc/ -p r\n", "another folder": "-w @/et -p wa\n-w @/etc/pass -p wa\n", "never": "-a never,exit -F dir=@/etc -F perm=wa\n", "commented": "#-w @/etc/ -p wa\n",
	} {
		m.write(t, "rules", strings.ReplaceAll(rules, "@", m.root))
		if v := m.judge(t, check.LinuxAudit, nil); v.Status != check.Fail || strings.Count(v.Actual, ",") != 4 {
			t.Errorf("%s: %v %s", name, v.Status, v.Actual)
		}
	}
}

func newClock(t *testing.T, services ...string) *machine {
	t.Helper()
	m := newHost(t, services...)
	// Any daemon that runs finds a source.
	m.program(t, "timedatectl", `for unit in @@/units/*/active; do
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
