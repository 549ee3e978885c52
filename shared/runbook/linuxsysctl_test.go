package runbook_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

var hardenSysctl = repair{runbook: "linux.sysctl.harden", check: check.SysctlHardening, kept: []string{"etc", "proc/sys"}}

func newKernel(t *testing.T) *machine {
	t.Helper()
	m := newHost(t)
	m.folder(t, "proc/sys/kernel", "proc/sys/net/ipv4/conf/all")
	for name, value := range map[string]string{
		"kernel/dmesg_restrict": "0", "kernel/kptr_restrict": "2", "kernel/randomize_va_space": "2", "net/ipv4/conf/all/accept_redirects": "1",
		"net/ipv4/conf/all/rp_filter": "0", "net/ipv4/tcp_syncookies": "1", "net/ipv4/ip_forward": "1",
	} {
		m.write(t, "proc/sys/"+name, value+"\n")
	}
	return m
}

func TestKernelSettingsAreFoundHardenedAndPutBack(t *testing.T) {
	for name, before := range map[string]string{"no file before": "", "one before": "kernel.kptr_restrict = 1\n"} {
		t.Run(name, func(t *testing.T) {
			m := newKernel(t)
			m.write(t, "etc/sysctl.d/99-sysctl.conf", "kernel.dmesg_restrict = 0\nnet.ipv4.ip_forward=1\n")
			m.write(t, "etc/sysctl.conf", "#kernel.dmesg_restrict = 0\nnet/ipv4/tcp_syncookies=1\n")
			if before != "" {
				m.write(t, "etc/sysctl.d/99-zz-osiris.conf", before)
			}
			hardenSysctl.through(t, m)
			if o := m.phase(t, "linux.sysctl.harden", "remediate", nil, nil); !o.OK {
				t.Fatal(o.Error)
			}
			got := m.read(t, "etc/sysctl.d/99-zz-osiris.conf")
			// What runs stricter stays as strict, and routing is not ours.
			if !strings.Contains(got, "kernel.kptr_restrict = 2\n") || strings.Contains(got, "ip_forward") || m.read(t, "proc/sys/net/ipv4/ip_forward") != "1\n" {
				t.Errorf("the file is\n%s", got)
			}
		})
	}
}

func TestAChangeByHandIsFoundBesideAGoodFile(t *testing.T) {
	m := newKernel(t)
	if o := m.phase(t, "linux.sysctl.harden", "remediate", nil, nil); !o.OK {
		t.Fatal(o.Error)
	}
	m.write(t, "proc/sys/net/ipv4/conf/all/rp_filter", "0\n")
	if v := m.judge(t, check.SysctlHardening, nil); v.Status != check.Fail || v.Actual != "net.ipv4.conf.all.rp_filter=0 running" {
		t.Errorf("Judge = %v %s", v.Status, v.Actual)
	}
	if o := m.phase(t, "linux.sysctl.harden", "remediate", nil, nil); !o.OK || !o.Changed {
		t.Errorf("remediate: %+v; want a change of what runs", o)
	}
}

func TestKernelSettingsAreLeftAloneWhereTheyCannotBeMended(t *testing.T) {
	for _, test := range []struct {
		name, says string
		hurt       func(m *machine)
		policy     map[string]string
	}{
		{"a later file sets them", "99-zzz.conf is read later", func(m *machine) { m.write(t, "etc/sysctl.d/99-zzz.conf", " kernel/dmesg_restrict= 0\n") }, nil},
		{"sysctl.conf sets them", "sysctl.conf is read later", func(m *machine) { m.write(t, "etc/sysctl.conf", "net.ipv4.conf.all.rp_filter = 0\n") }, nil},
		{"the kernel has no such setting", "does not take net.ipv4.tcp_syncookies", func(m *machine) {
			m.remove(t, "proc/sys/net/ipv4/tcp_syncookies")
			m.folder(t, "proc/sys/net/ipv4/tcp_syncookies") // as nothing can be made there
		}, nil},
		{"there is no folder", "is no folder", func(m *machine) { m.remove(t, "etc/sysctl.d") }, nil},
		{"nothing is asked for", "no setting", func(*machine) {}, map[string]string{
			"kernel.dmesg_restrict": "any", "kernel.kptr_restrict": "any", "kernel.randomize_va_space": "any",
			"net.ipv4.conf.all.accept_redirects": "any", "net.ipv4.conf.all.rp_filter": "any", "net.ipv4.tcp_syncookies": "any",
		}},
		{"the policy is mistyped", "neither =N", func(*machine) {}, map[string]string{"kernel.kptr_restrict": "on"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newKernel(t)
			test.hurt(m)
			r := hardenSysctl
			r.parameters = test.policy
			r.refused(t, m, test.says)
		})
	}
	// What only some of it asks for is all that is set.
	m := newKernel(t)
	o := m.phase(t, "linux.sysctl.harden", "remediate", map[string]string{
		"kernel.dmesg_restrict": "any", "kernel.kptr_restrict": "any", "kernel.randomize_va_space": "any",
	}, nil)
	if got := m.read(t, "etc/sysctl.d/99-zz-osiris.conf"); !o.OK || strings.Contains(got, "kernel.") || m.read(t, "proc/sys/kernel/dmesg_restrict") != "0\n" {
		t.Errorf("remediate: %+v, and the file is\n%s", o, got)
	}
	// A snapshot cannot lead out of /proc/sys.
	if o := m.phase(t, "linux.sysctl.harden", "rollback", nil, json.RawMessage(`"a/../x 1\nfile\nabsent"`)); o.OK {
		t.Errorf("rollback of a path: %+v", o)
	}
}

func TestARoadsSettingsAreAVariableOfTheirOwn(t *testing.T) {
	for name, says := range map[string]string{"settings": "", "mode": "there twice", "all2": "no variable's name", "All": "no variable's name"} {
		text := strings.Replace(scripted, "  winrm:\n", "  winrm:\n    check_settings: "+name+"\n", 1)
		r, err := runbook.Parse([]byte(text))
		if says == "" && (err != nil || r.Roads.WinRM.CheckSettings != name) || says != "" && (!errors.Is(err, runbook.ErrInvalid) || !strings.Contains(err.Error(), says)) {
			t.Errorf("check_settings %s: %v; want %q", name, err, says)
		}
	}
	r, err := load(t).Get("linux.sysctl.harden")
	if err != nil {
		t.Fatal(err)
	}
	given, err := r.ForScripts(r.Roads.SSH, nil, nil)
	const want = "kernel.dmesg_restrict==1,kernel.kptr_restrict=>=1,kernel.randomize_va_space==2," +
		"net.ipv4.conf.all.accept_redirects==0,net.ipv4.conf.all.rp_filter=>=1,net.ipv4.tcp_syncookies==1"
	if err != nil || given["settings"] != want {
		t.Errorf("ForScripts = %v, %v; want %s", given, err, want)
	}
	long := func(check.ID) check.Parameters {
		return func(string) (string, bool) { return strings.Repeat("1", 256), true }
	}
	if given, err := r.ForScripts(r.Roads.SSH, nil, long); !errors.Is(err, runbook.ErrParameter) || !strings.Contains(err.Error(), "together") {
		t.Errorf("ForScripts of long values = %v, %v; want them refused", given, err)
	}
}

// FuzzSettings: whatever a policy says of one setting is refused, or arrives in a
// real shell beside the others as it was.
func FuzzSettings(f *testing.F) {
	for _, value := range []string{"=1", ">=1", "any", "", "=1,kernel.kptr_restrict=0", "'; id; '", "$(id)", "a=b=c", "\n", "=1 "} {
		f.Add(value)
	}
	c, err := runbook.Load()
	if err != nil {
		f.Fatal(err)
	}
	r, err := c.Get("linux.sysctl.harden")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, value string) {
		policy := func(check.ID) check.Parameters {
			return func(name string) (string, bool) { return value, name == "kernel.kptr_restrict" }
		}
		given, err := r.ForScripts(r.Roads.SSH, nil, policy)
		if err != nil {
			if !errors.Is(err, runbook.ErrParameter) {
				t.Fatalf("error %v is not %v", err, runbook.ErrParameter)
			}
			return
		}
		if strings.ContainsAny(value, ",'\"$`\\ \n\t;|&") || len(given) != 1 {
			t.Fatalf("ForScripts(%q) = %v", value, given)
		}
		d := linuxDocument(t, `printf '%s\n' "$OSIRIS_P_settings" | tr ',' '\n' | while IFS= read -r line; do fact "${line%%=*}" "${line#*=}"; done`)
		d.Parameters = given
		reply, out := shell(t, d)
		if len(reply.Parts) != 1 || len(reply.Parts[0].Facts) != len(check.Defaults(check.SysctlHardening)) {
			t.Fatalf("%q came out as\n%s", value, out)
		}
		for _, p := range check.Defaults(check.SysctlHardening) {
			want := p.Default
			if p.Name == "kernel.kptr_restrict" {
				want = value
			}
			if got, ok := reply.Parts[0].Facts.Get(p.Name); !ok || got != want {
				t.Errorf("%s = %q; want %q", p.Name, got, want)
			}
		}
	})
}

// Where one card says yes, redirects are taken, whatever is set for all.
func TestRedirectsAreRefusedByEachCard(t *testing.T) {
	m := newKernel(t)
	m.folder(t, "proc/sys/net/ipv4/conf/default", "proc/sys/net/ipv4/conf/eth0.100", "proc/sys/net/ipv4/conf/lo")
	for _, card := range []string{"default", "eth0.100"} {
		m.write(t, "proc/sys/net/ipv4/conf/"+card+"/accept_redirects", "1\n")
	}
	m.write(t, "proc/sys/net/ipv4/conf/lo/accept_redirects", "1\n")
	hardenSysctl.through(t, m)
	if o := m.phase(t, "linux.sysctl.harden", "remediate", nil, nil); !o.OK {
		t.Fatal(o.Error)
	}
	if got := m.read(t, "etc/sysctl.d/99-zz-osiris.conf"); !strings.Contains(got, "net.ipv4.conf.default.accept_redirects = 0\n") || strings.Contains(got, "eth0") {
		t.Errorf("the file is\n%s", got)
	}
	m.write(t, "proc/sys/net/ipv4/conf/eth0.100/accept_redirects", "1\n")
	if v := m.judge(t, check.SysctlHardening, nil); v.Status != check.Fail || v.Actual != "net.ipv4.conf.all.accept_redirects=1 running" {
		t.Errorf("with one card: %v %s", v.Status, v.Actual)
	}
	before := m.read(t, "proc/sys/net/ipv4/conf/eth0.100/accept_redirects")
	m.write(t, "etc/sysctl.d/99-zzz.conf", "net/ipv4/conf/default/accept_redirects = 1\n")
	r := hardenSysctl
	r.refused(t, m, "99-zzz.conf is read later")
	if before != m.read(t, "proc/sys/net/ipv4/conf/eth0.100/accept_redirects") {
		t.Error("it left a change")
	}
	for _, alien := range []string{`"net/ipv4/conf/../accept_redirects 1\nfile\nabsent"`, `"net/ipv4/conf/a/b/accept_redirects 1\nfile\nabsent"`} {
		if o := m.phase(t, "linux.sysctl.harden", "rollback", nil, json.RawMessage(alien)); o.OK {
			t.Errorf("rollback of %s: %+v", alien, o)
		}
	}
}
