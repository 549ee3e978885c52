package linux

import (
	"strings"
	"testing"
	"time"
)

func TestWhatChangedIsTold(t *testing.T) {
	fresh := func() *machine {
		return &machine{
			sysctls: map[string]string{"kernel/sysrq": "1\n", "net/ipv4/ip_forward": "0\n"},
			mounts:  []string{"/dev/vda / ext4 rw 0 0"}, groups: []string{"/sys/fs/cgroup"}, links: []string{"lo  [127.0.0.1/8]"},
		}
	}
	for name, c := range map[string]struct {
		change func(*machine)
		want   string // "" for no change
	}{
		"nothing":                        {func(*machine) {}, ""},
		"a clock read a little later":    {func(m *machine) { m.offset = time.Millisecond }, ""},
		"a sysctl that came":             {func(m *machine) { m.sysctls["net/netfilter/x"] = "1" }, ""},
		"a sysctl that was written":      {func(m *machine) { m.sysctls["kernel/sysrq"] = "0\n" }, `sysctl kernel/sysrq was "1\n" and is "0\n"`},
		"a sysctl that went":             {func(m *machine) { delete(m.sysctls, "kernel/sysrq") }, "sysctl kernel/sysrq is gone"},
		"a mount that stayed":            {func(m *machine) { m.mounts = append(m.mounts, "tmpfs /mnt tmpfs rw 0 0") }, "mount tmpfs /mnt tmpfs rw 0 0 is new"},
		"a mount that went":              {func(m *machine) { m.mounts = nil }, "mount /dev/vda / ext4 rw 0 0 is gone"},
		"a cgroup that stayed":           {func(m *machine) { m.groups = append(m.groups, "/sys/fs/cgroup/init.scope") }, "cgroup /sys/fs/cgroup/init.scope is new"},
		"an interface that stayed":       {func(m *machine) { m.links = append(m.links, "target1") }, "network interface target1 is new"},
		"a clock that was put back":      {func(m *machine) { m.offset = -time.Second }, "the clock was set by -1s"},
		"an address that was taken away": {func(m *machine) { m.links = []string{"lo  []"} }, "is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			now := fresh()
			c.change(now)
			err := fresh().same(now)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("same = %v; want %q", err, c.want)
			}
		})
	}
}
