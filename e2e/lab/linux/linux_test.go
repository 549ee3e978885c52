//go:build integration

package linux_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/e2e/lab/linux"
)

func TestMain(m *testing.M) { os.Exit(linux.Main(m.Run)) }

func open(t *testing.T) *linux.Target {
	t.Helper()
	target, err := linux.Open(t.Context())
	if errors.Is(err, linux.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := target.Close(); err != nil {
			t.Error(err)
		}
	})
	return target
}

func run(t *testing.T, target *linux.Target, script string) string {
	t.Helper()
	out, err := target.Run(t.Context(), script)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

func TestATargetIsADebianThatSystemdStarted(t *testing.T) {
	target := open(t)
	for name, c := range map[string]struct{ script, want string }{
		"process 1":          {"cat /proc/1/comm", "systemd"},
		"it knows its place": {"systemd-detect-virt --container", "container-other"},
		"its release":        {". /etc/os-release; echo $VERSION_CODENAME", "bookworm"},
		"its name":           {"hostname", "lab"},
		"its SSH server":     {"systemctl is-active ssh", "active"},
		"its log":            {"journalctl -q -o cat -u ssh | grep -c 'Server listening on 0.0.0.0'", "1"},
		"its user":           {"runuser -u keeper -- sudo -n id -un", "root"},
		"its network":        {"ip -o link show up | wc -l", "2"},
		"no way out of it":   {"ip route show default | wc -l", "0"},
		// The audit system is the machine's.
		"all but auditd starts": {"systemctl list-units --failed --plain --no-legend | grep -v auditd.service || true", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := run(t, target, c.script); got != c.want {
				t.Errorf("%s = %q; want %q", c.script, got, c.want)
			}
		})
	}
}

// None of these may do anything, also if it can; what they would do to the machine
// is nothing.
func TestATargetsRootCannotTouchTheMachine(t *testing.T) {
	target := open(t)
	for name, script := range map[string]string{
		"set the clock":                 "date -s \"@$(date +%s)\"",
		"write a sysctl of the kernel":  "cat /proc/sys/kernel/sysrq >/proc/sys/kernel/sysrq",
		"write one of file systems":     "cat /proc/sys/fs/protected_fifos >/proc/sys/fs/protected_fifos",
		"write one of memory":           "cat /proc/sys/vm/swappiness >/proc/sys/vm/swappiness",
		"press SysRq":                   "[ ! -w /proc/sysrq-trigger ] && exit 1",
		"make a device":                 "mknod /root/vda b 254 0",
		"clear the kernel's log":        "dmesg --read-clear",
		"read the kernel's memory":      "[ -s /proc/kcore ] || exit 1",
		"load a module":                 "systemd-run --wait -q -p CapabilityBoundingSet=CAP_SYS_MODULE sh -c 'grep -q CapEff:.*0000000000010000 /proc/self/status'",
		"write to /sys":                 "cat /sys/module/kernel/parameters/panic >/sys/module/kernel/parameters/panic",
		"see the machine's processes":   "[ \"$(ls -d /proc/[0-9]* | wc -l)\" -gt 60 ]",
		"see the machine's files":       "[ -e /mnt/root ] || [ -e /work ] || ls /proc/1/root/mnt/*",
		"see the machine's cgroups":     "ls -d /sys/fs/cgroup/osiris-lab-linux-*",
		"keep a capability over a unit": "systemd-run --wait -q -p AmbientCapabilities=CAP_SYS_TIME date -s \"@$(date +%s)\"",
	} {
		t.Run(name, func(t *testing.T) {
			if out, err := target.Run(t.Context(), script); err == nil {
				t.Errorf("it could: %s", out)
			}
		})
	}
}

func TestWhatIsTheTargetsOwnCanBeWritten(t *testing.T) {
	target, other := open(t), open(t)
	run(t, target, `
echo 1 >/proc/sys/net/ipv4/conf/all/log_martians
nft add table inet lab
echo mine >/etc/lab.conf
hostname changed
useradd lab-user`)
	got := run(t, other, `
cat /proc/sys/net/ipv4/conf/all/log_martians
nft list ruleset | wc -l
cat /etc/lab.conf 2>&1 | grep -c 'No such file'
hostname
getent passwd lab-user || echo nobody`)
	if want := "0\n0\n1\nlab\nnobody"; got != want {
		t.Errorf("the other target has %q; want %q", got, want)
	}
}

func TestATargetThatIsShutDownCanBeClosed(t *testing.T) {
	target := open(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	// The connection to what ends with it may break.
	_, _ = target.Run(ctx, "systemctl poweroff --force --force")
	if err := target.Close(); err != nil {
		t.Error(err)
	}
}
