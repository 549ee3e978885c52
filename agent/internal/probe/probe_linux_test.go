package probe_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/probe"
	"github.com/osiriscare/osiris/shared/check"
)

// root makes a folder with files.
func root(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func read(t *testing.T, folder string, id check.ID) check.Facts {
	t.Helper()
	return probe.New(folder).Read(context.Background(), id)
}

func judge(t *testing.T, folder string, id check.ID) check.Verdict {
	t.Helper()
	return check.Judge(id, read(t, folder, id), nil)
}

const good = "kernel.kptr_restrict=1\nkernel.dmesg_restrict=1\nkernel.randomize_va_space=2\n" +
	"net.ipv4.conf.all.accept_redirects=0\nnet.ipv4.conf.all.rp_filter=1\nnet.ipv4.tcp_syncookies=1\n"

func TestSysctlFilesApplyInOrder(t *testing.T) {
	for _, c := range []struct {
		name   string
		files  map[string]string
		status check.Status
		reason string
	}{
		{"a good file passes", map[string]string{"etc/sysctl.d/60-osiris.conf": good}, check.Pass, ""},
		{"a later file wins", map[string]string{
			"etc/sysctl.d/60-osiris.conf": good, "etc/sysctl.d/99-local.conf": "kernel.dmesg_restrict=0\n",
		}, check.Fail, "/etc/sysctl.d/99-local.conf sets kernel.dmesg_restrict to 0"},
		{"an earlier file loses", map[string]string{
			"etc/sysctl.d/60-osiris.conf": good, "etc/sysctl.d/10-local.conf": "kernel.dmesg_restrict=0\n",
		}, check.Pass, ""},
		{"sysctl.conf comes last", map[string]string{
			"etc/sysctl.d/99-osiris.conf": good, "etc/sysctl.conf": "kernel.dmesg_restrict=0\n",
		}, check.Fail, "/etc/sysctl.conf sets kernel.dmesg_restrict to 0"},
		{"other names do not count", map[string]string{
			"etc/sysctl.d/60-osiris.conf": good, "etc/sysctl.d/99-old.conf.bak": "kernel.dmesg_restrict=0\n",
			"etc/sysctl.d/.99-hidden.conf": "kernel.dmesg_restrict=0\n",
		}, check.Pass, ""},
		{"nothing is configured", nil, check.Fail, "no file sets kernel.kptr_restrict"},
		{"a file that is too large is not read in part", map[string]string{
			"etc/sysctl.d/60-osiris.conf": good + strings.Repeat("#\n", 200_000),
		}, check.Unknown, "larger than expected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := judge(t, root(t, c.files), check.SysctlHardening)
			if v.Status != c.status || !strings.Contains(v.Reason, c.reason) {
				t.Errorf("verdict %v, %q; want %v, %q", v.Status, v.Reason, c.status, c.reason)
			}
		})
	}
	if v := judge(t, filepath.Join(t.TempDir(), "missing"), check.SysctlHardening); v.Status != check.Unknown {
		t.Errorf("without a root: %v; want unknown", v)
	}
}

func TestWhatMayNotBeReadIsUnknown(t *testing.T) {
	folder := root(t, map[string]string{"etc/sysctl.d/60-osiris.conf": good, "etc/ufw/ufw.conf": "ENABLED=yes\n"})
	// A folder where a file belongs fails for root, too; permissions do not.
	for _, name := range []string{"etc/sysctl.d/70-folder.conf", "etc/ufw/ufw.conf"} {
		path := filepath.Join(folder, name)
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []check.ID{check.SysctlHardening, check.LinuxFirewall} {
		if v := judge(t, folder, id); v.Status != check.Unknown || !strings.Contains(v.Reason, "Not readable") {
			t.Errorf("%s: %v, %q; want unknown", id, v.Status, v.Reason)
		}
	}
}

func TestRebootMarkersAreRead(t *testing.T) {
	if v := judge(t, root(t, nil), check.PendingReboot); v.Status != check.Pass {
		t.Errorf("without a marker: %v", v)
	}
	v := judge(t, root(t, map[string]string{"run/reboot-required": "x", "run/reboot-required.pkgs": "libc6\nlibc6\n"}), check.PendingReboot)
	if v.Status != check.Fail || !strings.Contains(v.Reason, "libc6") {
		t.Errorf("with a marker: %v, %q", v.Status, v.Reason)
	}
}

func TestTheFirewallOfAnotherRootIsItsFiles(t *testing.T) {
	for content, want := range map[string]check.Status{"ENABLED=no\n": check.Fail, "ENABLED=yes\n": check.Unknown} {
		if v := judge(t, root(t, map[string]string{"etc/ufw/ufw.conf": content}), check.LinuxFirewall); v.Status != want {
			t.Errorf("%q: %v; want %v", content, v.Status, want)
		}
	}
}

func TestDiskSpaceIsWhatTheSystemSays(t *testing.T) {
	folder := t.TempDir()
	value, ok := read(t, folder, check.DiskSpace).Get(check.FactVolume)
	if !ok {
		t.Fatal("there is no volume")
	}
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		t.Fatal(err)
	}
	if total, _, _ := strings.Cut(value, " "); total != strconv.FormatUint(s.Blocks*uint64(s.Bsize), 10) || !strings.HasSuffix(value, " /") {
		t.Errorf("the volume is %q; statfs says %d blocks of %d", value, s.Blocks, s.Bsize)
	}
}

func TestEveryCheckOfThisSystemAnswers(t *testing.T) {
	for _, folder := range []string{"/", t.TempDir()} {
		for _, id := range probe.Checks() {
			facts := read(t, folder, id)
			known := append(check.FactNames(id), check.FactError, check.FactNotApplicable)
			for _, f := range facts {
				found := false
				for _, name := range known {
					found = found || name == f.Name
				}
				if !found {
					t.Errorf("%s gives the fact %q, which the check does not list", id, f.Name)
				}
			}
			if v := check.Judge(id, facts, nil); !v.Status.Valid() || v.Reason == "" {
				t.Errorf("%s under %s: %v", id, folder, v)
			}
		}
	}
	if f := read(t, "/", "nothing"); len(f) != 1 || f[0].Name != check.FactNotApplicable {
		t.Errorf("an unknown check gives %v", f)
	}
}

func TestACancelledReadingIsUnknown(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	facts := probe.New(t.TempDir()).Read(ctx, check.SysctlHardening)
	if v := check.Judge(check.SysctlHardening, facts, nil); v.Status == check.Pass {
		t.Errorf("the verdict is %v", v)
	}
}

func TestHostFactsNameThisMachine(t *testing.T) {
	h := probe.New("/").Host("1.2.3")
	name, err := os.Hostname()
	if err != nil || h.Hostname != name || h.OS != "linux" || h.AgentVersion != "1.2.3" {
		t.Errorf("Host = %+v", h)
	}
}

func TestALinuxSaysWhichMachineItIs(t *testing.T) {
	for name, c := range map[string]struct {
		id, uuid            string
		wantID, wantProduct string
	}{
		"a machine": {
			"0123456789abcdef0123456789abcdef\n", "4C4C4544-0042-3510-8052-B4C04F564433\n",
			"4d5e7dae01e097d012aaf4f287e57b33", "4c4c4544-0042-3510-8052-b4c04f564433",
		},
		"an image before its first start": {"uninitialized\n", "00000000-0000-0000-0000-000000000000\n", "", ""},
		"an empty id":                     {"\n", "Not Settable\n", "", ""},
		"half an id":                      {"0123456789abcdef\n", "\n", "", ""},
		"no digits":                       {"0123456789abcdef0123456789abcdeg\n", "03000200-0400-0500-0006-000700080009\n", "", ""},
	} {
		root := t.TempDir()
		for file, text := range map[string]string{"etc/machine-id": c.id, "sys/class/dmi/id/product_uuid": c.uuid} {
			path := filepath.Join(root, file)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		h := probe.New(root).Host("1.2.3")
		if h.MachineGUID != c.wantID || h.SMBIOSUUID != c.wantProduct || h.MachineSID != "" || h.ADObjectGUID != "" {
			t.Errorf("%s: Host = %q, %q, %q, %q; want %q and %q", name, h.MachineGUID, h.SMBIOSUUID, h.MachineSID, h.ADObjectGUID, c.wantID, c.wantProduct)
		}
	}
	if h := probe.New(t.TempDir()).Host("1.2.3"); h.MachineGUID != "" || h.SMBIOSUUID != "" {
		t.Errorf("without the files Host = %q, %q; want nothing", h.MachineGUID, h.SMBIOSUUID)
	}
}
