package runbook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// machine is a made-up Linux host: a root folder, programs that stand for the
// real ones, and few real ones.
type machine struct {
	root string
	env  []string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{root: t.TempDir(), env: []string{"SUDO_USER=osiris"}}
	for _, folder := range []string{"bin", "etc/ssh/sshd_config.d", "etc/sysctl.d", "run/systemd/system", "proc/self", "proc/sys/kernel", "lib/modules", "boot"} {
		if err := os.MkdirAll(filepath.Join(m.root, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// No more than that, so that no real sshd is found; and no links, through which
	// a test could write to the machine's own.
	for _, name := range []string{"awk", "cat", "chmod", "grep", "mv", "rm", "sed", "tr"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		m.program(t, name, "exec "+path+` "$@"`+"\n")
	}
	return m
}

func (m *machine) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(m.root, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// program puts a shell script into the machine's PATH, in the place of what is
// there; @@ stands for its root.
func (m *machine) program(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(m.root, "bin", name)
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString("#!/bin/sh\n" + strings.ReplaceAll(text, "@@", m.root))
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// read gives a file's text, or its absence.
func (m *machine) read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(m.root, name))
	if os.IsNotExist(err) {
		return "absent"
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// absolute is where a script names a folder of the system.
var absolute = regexp.MustCompile(`(^|[^\w.}/-])/(etc|run|proc|lib|boot|var)/`)

// run runs one text as a host does, but below the machine's root.
func (m *machine) run(t *testing.T, path string, parameters map[string]string, snapshot json.RawMessage) runbook.Outcome {
	t.Helper()
	c := load(t)
	for _, text := range c.Texts().All() {
		if text.Path != path {
			continue
		}
		d, err := c.Document(text)
		if err != nil {
			t.Fatal(err)
		}
		d.Parameters, d.Snapshot = parameters, snapshot
		script, err := d.Shell()
		if err != nil {
			t.Fatal(err)
		}
		const own = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/wrappers/bin:/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin\n"
		if !bytes.Contains(script, []byte(own)) {
			t.Fatalf("the prelude has no line %s", own)
		}
		script = bytes.Replace(script, []byte(own), []byte("PATH="+m.root+"/bin\n"), 1)
		script = bytes.ReplaceAll(script, []byte(" /.dockerenv"), []byte(" "+m.root+"/.dockerenv"))
		script = absolute.ReplaceAll(script, []byte("${1}"+m.root+"/${2}/"))
		cmd := exec.CommandContext(t.Context(), "sh", "-s")
		cmd.Stdin, cmd.Env = bytes.NewReader(script), m.env
		var complaint bytes.Buffer
		cmd.Stderr = &complaint
		out, err := cmd.Output()
		if err != nil || complaint.Len() > 0 {
			t.Fatalf("%s: %v: %s", path, err, complaint.String())
		}
		reply, err := runbook.ReadShellReply(out)
		if err != nil || len(reply.Parts) != 1 {
			t.Fatalf("%s: %v\n%s", path, err, out)
		}
		return reply.Parts[0]
	}
	t.Fatalf("the catalogue has no %s", path)
	return runbook.Outcome{}
}

// judge runs a check's facts script and its judge.
func (m *machine) judge(t *testing.T, id check.ID, p check.Parameters) check.Verdict {
	t.Helper()
	o := m.run(t, "linux/facts/"+string(id)+".sh", nil, nil)
	if !o.OK {
		return check.Verdict{Status: check.Unknown, Reason: o.Error}
	}
	return check.Judge(id, o.Facts, p)
}

func TestSysctlFactsAreWhatTheFilesSetLast(t *testing.T) {
	m := newMachine(t)
	m.write(t, "etc/sysctl.d/10-a.conf", "# comment = 1\n; kernel.kptr_restrict = 9\n-kernel.kptr_restrict=0\nkernel/dmesg_restrict = 1\n")
	m.write(t, "etc/sysctl.d/20-b.conf", "  kernel.kptr_restrict\t=  2\t\nnet.ipv4.tcp_syncookies = 1")
	m.write(t, "etc/sysctl.d/30-c.txt", "kernel.kptr_restrict = 0\n")
	m.write(t, "etc/sysctl.conf", "net.ipv4.tcp_syncookies = 0\nnet.ipv4.ip_forward = 1\nkernel.randomize_va_space\n")
	o := m.run(t, "linux/facts/sysctl_hardening.sh", nil, nil)
	want := check.Facts{
		{Name: "kernel.dmesg_restrict", Value: "1"},
		{Name: "kernel.dmesg_restrict.file", Value: m.root + "/etc/sysctl.d/10-a.conf"},
		{Name: "kernel.kptr_restrict", Value: "2"},
		{Name: "kernel.kptr_restrict.file", Value: m.root + "/etc/sysctl.d/20-b.conf"},
		{Name: "net.ipv4.tcp_syncookies", Value: "0"},
		{Name: "net.ipv4.tcp_syncookies.file", Value: m.root + "/etc/sysctl.conf"},
	}
	if diff := cmp.Diff(want, o.Facts); diff != "" || !o.OK {
		t.Errorf("facts differ (-want +got), %q:\n%s", o.Error, diff)
	}
}

func TestSysctlFactsCoverEveryKeyOfTheJudge(t *testing.T) {
	m := newMachine(t)
	if v := m.judge(t, check.SysctlHardening, nil); v.Status != check.Fail {
		t.Errorf("no file at all: %v %s; want a failure", v.Status, v.Reason)
	}
	var text strings.Builder
	for _, s := range check.SysctlSettings(nil) {
		text.WriteString(s.Key + " = " + s.Value + "\n")
	}
	m.write(t, "etc/sysctl.d/60-osiris.conf", text.String())
	if v := m.judge(t, check.SysctlHardening, nil); v.Status != check.Pass {
		t.Errorf("every key set: %v %s; want a pass", v.Status, v.Reason)
	}
}

func TestARebootIsPendingForItsReasons(t *testing.T) {
	m := newMachine(t)
	m.write(t, "proc/sys/kernel/osrelease", "6.1.0-28-amd64\n")
	for _, kernel := range []string{"6.1.0-28-amd64", "6.1.0-30-amd64", "6.1.0-31-amd64"} {
		if err := os.Mkdir(filepath.Join(m.root, "lib/modules", kernel), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	m.write(t, "boot/vmlinuz-6.1.0-28-amd64", "")
	if v := m.judge(t, check.PendingReboot, nil); v.Status != check.Pass {
		t.Errorf("with a folder that a removed kernel left: %v %s", v.Status, v.Reason)
	}
	m.write(t, "boot/vmlinuz-6.1.0-30-amd64", "")
	if v := m.judge(t, check.PendingReboot, nil); v.Status != check.Fail || v.Actual != "kernel 6.1.0-30-amd64 installed, 6.1.0-28-amd64 running" {
		t.Errorf("with a newer kernel: %v %s", v.Status, v.Actual)
	}
	m.write(t, "run/reboot-required", "*** System restart required ***\n")
	m.write(t, "run/reboot-required.pkgs", "libssl3\n\n  linux-image\nlibssl3\n")
	if v := m.judge(t, check.PendingReboot, nil); v.Status != check.Fail || v.Reason != "Updates of libssl3 linux-image take effect after a reboot." {
		t.Errorf("with the marker: %v %s", v.Status, v.Reason)
	}
	if err := os.Remove(filepath.Join(m.root, "proc/sys/kernel/osrelease")); err != nil {
		t.Fatal(err)
	}
	m.program(t, "cat", "exit 1\n") // else its complaint would be a failure of run
	if v := m.judge(t, check.PendingReboot, nil); v.Status != check.Unknown {
		t.Errorf("without the running kernel: %v %s; want unknown", v.Status, v.Reason)
	}
}

func TestLocalVolumesAreMeasuredOnce(t *testing.T) {
	m := newMachine(t)
	m.write(t, "proc/self/mounts", strings.Join([]string{
		"/dev/sda1 / ext4 rw,relatime 0 0",
		"/dev/sdb1 /srv/my\\040data\\134x xfs rw 0 0",
		"/dev/sdb1 /mnt/again xfs rw 0 0",
		"/dev/sda1 /mnt/root ext4 rw 0 0",
		"/dev/sdc1 /mnt/image ext4 ro,relatime 0 0",
		"server:/x /mnt/nfs nfs4 rw 0 0",
		"overlay /var/lib/docker/overlay2/x/merged overlay rw 0 0",
		"/dev/sdd1 /gone ext4 rw 0 0",
		"tmpfs /run tmpfs rw 0 0",
	}, "\n")+"\n")
	m.program(t, "stat", `case $5 in
/) echo 4096 5000000000 2500000000 ;;
"/srv/my data\x") echo 4096 2621440 26214 ;;
*) exit 1 ;;
esac
`)
	o := m.run(t, "linux/facts/disk_space.sh", nil, nil)
	want := check.Facts{
		{Name: "volume", Value: "20480000000000 10240000000000 /"},
		{Name: "volume", Value: `10737418240 107372544 /srv/my data\x`},
		{Name: "volume", Value: "0 0 /gone"},
	}
	if diff := cmp.Diff(want, o.Facts); diff != "" || !o.OK {
		t.Errorf("facts differ (-want +got), %q:\n%s", o.Error, diff)
	}
	if v := check.Judge(check.DiskSpace, o.Facts, nil); v.Status != check.Fail || v.Severity != "critical" {
		t.Errorf("Judge = %v %s %s; want a critical failure", v.Status, v.Severity, v.Reason)
	}
}
