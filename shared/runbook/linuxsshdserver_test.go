package runbook_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/check"
)

// ancestors are the processes above the script: sudo, sshd for its connection, and
// the one that listens. The shell's own number is not known beforehand.
func ancestors(t *testing.T, m *machine, listener string) {
	t.Helper()
	m.env = []string{"SUDO_USER=osiris"}
	m.folder(t, "proc/77", "proc/66", "proc/55")
	m.write(t, "proc/77/cmdline", "sudo\x00-n\x00sh\x00-s\x00")
	m.write(t, "proc/77/environ", "A=1\x00SUDO_USER=osiris\x00")
	m.write(t, "proc/77/status", "Name:\tsudo\nPPid:\t66\n")
	m.write(t, "proc/66/cmdline", "sshd: osiris [priv]\x00")
	m.write(t, "proc/66/environ", "SSH_CONNECTION=192.0.2.7 40000 192.0.2.1 22\x00USER=osiris\x00")
	m.write(t, "proc/66/status", "PPid:\t55\n")
	m.write(t, "proc/55/cmdline", listener+"\x00")
	m.write(t, "proc/55/status", "PPid:\t1\n")
	m.program(t, "awk", `case $* in
*PPid*) case $* in
  */77/status | */66/status | */55/status) ;;
  *) echo 77; exit ;;
  esac ;;
esac
exec `+lookup(t, "awk")+` "$@"
`)
}

func TestTheConnectionIsFoundBehindSudo(t *testing.T) {
	m := newSSHServer(t, "Include x\n")
	byKey(t, m)
	ancestors(t, m, "/usr/sbin/sshd\x00-D")
	if o := m.phase(t, "linux.ssh_password.forbid", "remediate", nil, nil); !o.OK || !o.Changed {
		t.Errorf("remediate: %+v", o)
	}
}

// Where nobody manages the server, the one that carries us is told to read again.
func TestAServerThatNobodyManagesIsTold(t *testing.T) {
	m := newSSHServer(t, "Include x\n")
	ancestors(t, m, "sshd: /usr/sbin/sshd [listener] 0 of 10-100 startups")
	m.remove(t, "units/ssh")
	server := exec.CommandContext(t.Context(), "sleep", "600")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	pid := strconv.Itoa(server.Process.Pid)
	if err := os.Rename(filepath.Join(m.root, "proc/55"), filepath.Join(m.root, "proc", pid)); err != nil {
		t.Fatal(err)
	}
	m.write(t, "proc/66/status", "PPid:\t"+pid+"\n")
	m.program(t, "awk", strings.Replace(m.read(t, "bin/awk")[len("#!/bin/sh\n"):], "*/55/status", "*/"+pid+"/status", 1))
	o := m.phase(t, "linux.ssh_root.forbid", "remediate", nil, nil)
	if !o.OK || !o.Changed {
		_ = server.Process.Kill()
		t.Errorf("remediate: %+v", o)
	}
	if err := server.Wait(); err == nil || err.Error() != "signal: hangup" {
		t.Errorf("the server ended with %v; want the signal HUP", err)
	}
	m = newSSHServer(t, "Include x\n")
	m.remove(t, "units/ssh")
	m.folder(t, "units/ssh.socket")
	m.write(t, "units/ssh.socket/active", "")
	if o := m.phase(t, "linux.ssh_root.forbid", "remediate", nil, nil); !o.OK || !o.Changed {
		t.Errorf("remediate where a socket starts it: %+v", o)
	}
}

// Match blocks, what they include, and the command line: none is in what sshd tells.
func TestWhatTheServerDoesNotTellIsRead(t *testing.T) {
	const strict = "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin no\n"
	for _, test := range []struct {
		name, config, listener string
		password, root         check.Status
	}{
		{"nothing", strict, "", check.Pass, check.Pass},
		{"a Match block with an Include", strict + "Match Address 192.0.2.0/24\nInclude @/etc/ssh/other/*\n", "", check.Fail, check.Fail},
		{"an Include outside of Match", strict + "Include @/etc/ssh/other/*\n", "", check.Pass, check.Pass},
		{"an Include whose block ends with it", strict + "Include @/etc/ssh/block\nPasswordAuthentication yes\nPermitRootLogin yes\n", "", check.Pass, check.Pass},
		{"root in a Match block", strict + "Match Address 192.0.2.0/24\n permitrootlogin=\"yes\"\n", "", check.Pass, check.Fail},
		{"root kept out by a Match block", strict + "Match Address 192.0.2.0/24\nPermitRootLogin no\n", "", check.Pass, check.Pass},
		{"a list without a key", strict + "AuthenticationMethods publickey\nMatch User bob\nAuthenticationMethods publickey password\nPasswordAuthentication yes\n", "", check.Fail, check.Pass},
		{"passwords for some beside a key for all", strict + "AuthenticationMethods publickey\nMatch User bob\nPasswordAuthentication yes\n", "", check.Pass, check.Pass},
		{"an Include of itself", strict + "Include @/etc/ssh/sshd_config\n", "", check.Unknown, check.Unknown},
		{"the command line", strict, "sshd: /usr/sbin/sshd -D -oPermitRootLogin=yes -o PasswordAuthentication yes -oCiphers=x [listener] 0 of 10-100 startups", check.Fail, check.Fail},
		{"the command line of an old one", strict, "/usr/sbin/sshd\x00-D\x00-o\x00PermitRootLogin=yes\x00", check.Pass, check.Fail},
		{"another file", strict, "/usr/sbin/sshd\x00-f\x00@/etc/ssh/block\x00", check.Fail, check.Fail},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newSSHServer(t, "")
			m.write(t, "etc/ssh/sshd_config", strings.ReplaceAll(test.config, "@", m.root))
			m.folder(t, "etc/ssh/other")
			m.write(t, "etc/ssh/other/p.conf", "PasswordAuthentication yes\nPermitRootLogin yes\n")
			m.write(t, "etc/ssh/block", "Match User x\nX11Forwarding no\n")
			if test.listener != "" {
				ancestors(t, m, strings.ReplaceAll(test.listener, "@", m.root))
			}
			if v := m.judge(t, check.SSHPasswordLogin, nil); v.Status != test.password {
				t.Errorf("passwords: %v %s %s; want %v", v.Status, v.Actual, v.Reason, test.password)
			}
			if v := m.judge(t, check.SSHRootLogin, nil); v.Status != test.root {
				t.Errorf("root: %v %s %s; want %v", v.Status, v.Actual, v.Reason, test.root)
			}
		})
	}
}
