package linux

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// machine is what no test may change of the machine it runs on.
type machine struct {
	sysctls map[string]string
	mounts  []string
	groups  []string // cgroups that nobody else makes and removes
	links   []string
	offset  time.Duration // from the clock that nobody can set to that of the day
}

// step is how much the clock of the day may seem to have moved against the other:
// they are not read at once. A clock that is slewed does not move against it.
const step = 50 * time.Millisecond

// moving are sysctls whose values tell what the kernel does, or change with each
// reading, or that it adapts by itself.
var moving = []string{
	"fs/aio-nr", "fs/dentry-state", "fs/file-nr", "fs/inode-nr", "fs/inode-state", "fs/quota/", "fs/binfmt_misc/",
	"kernel/ns_last_pid", "kernel/pty/nr", "kernel/random/", "kernel/perf_event_max_sample_rate", "kernel/perf_cpu_time_max_percent",
	"net/netfilter/nf_conntrack_count", "vm/stat_refresh", "net/ipv4/tcp_fastopen_key",
}

// look reads it.
func look() (*machine, error) {
	m := &machine{sysctls: map[string]string{}}
	err := filepath.WalkDir("/proc/sys", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // what cannot be read cannot be compared
		}
		name := strings.TrimPrefix(path, "/proc/sys/")
		if slices.ContainsFunc(moving, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			return nil
		}
		if value, err := os.ReadFile(path); err == nil {
			m.sysctls[name] = string(value)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading sysctls: %w", err)
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, fmt.Errorf("reading mounts: %w", err)
	}
	m.mounts = strings.Split(strings.TrimSpace(string(mounts)), "\n")
	links, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("reading network interfaces: %w", err)
	}
	for _, link := range links {
		addresses, err := link.Addrs()
		if err != nil {
			return nil, fmt.Errorf("reading addresses: %w", err)
		}
		// Not IsUp and the like: an address that is announced comes and goes.
		m.links = append(m.links, fmt.Sprint(link.Name, " ", link.HardwareAddr, " ", addresses))
	}
	if m.groups, err = groups(); err != nil {
		return nil, err
	}
	m.offset, err = clockOffset()
	return m, err
}

// shared are cgroups below which the machine's systemd makes and removes others.
var shared = []string{"system.slice", "user.slice", "machine.slice"}

// groups are all cgroups but those, of the second version: a target has no other.
func groups() ([]string, error) {
	root, err := groupRoot()
	if err != nil {
		return nil, err
	}
	var all []string
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) || err == nil && !d.IsDir():
			return nil
		case err != nil:
			return err
		case slices.Contains(shared, d.Name()):
			return fs.SkipDir
		case strings.HasPrefix(d.Name(), groupPrefix) && d.Name() != ownGroup():
			return fs.SkipDir // another's, whose tests run beside
		}
		all = append(all, path)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading cgroups: %w", err)
	}
	return all, nil
}

const (
	clockRealtime = 0
	// clockBoottime goes on while the machine sleeps.
	clockBoottime = 7
)

// clockOffset reads both clocks until that took little time.
func clockOffset() (time.Duration, error) {
	var best, width time.Duration
	for i := range 50 {
		a, err := clock(clockBoottime)
		if err != nil {
			return 0, err
		}
		day, err := clock(clockRealtime)
		if err != nil {
			return 0, err
		}
		b, err := clock(clockBoottime)
		if err != nil {
			return 0, err
		}
		if i == 0 || b-a < width {
			best, width = day-a, b-a
		}
	}
	return best, nil
}

func clock(id int) (time.Duration, error) {
	var t syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, uintptr(id), uintptr(unsafe.Pointer(&t)), 0); errno != 0 { //nolint:gosec // the kernel's form
		return 0, fmt.Errorf("reading clock %d: %w", id, errno)
	}
	return time.Duration(t.Nano()), nil
}

// same tells what is not as it was. Sysctls and interfaces that came with a
// module that the kernel loaded are no change; those that are gone are one.
func (m *machine) same(now *machine) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(m.sysctls)) {
		value, there := now.sysctls[name]
		switch {
		case !there:
			errs = append(errs, fmt.Errorf("sysctl %s is gone", name))
		case value != m.sysctls[name]:
			errs = append(errs, fmt.Errorf("sysctl %s was %q and is %q", name, m.sysctls[name], value))
		}
	}
	for _, list := range []struct {
		what        string
		before, now []string
	}{{"mount", m.mounts, now.mounts}, {"cgroup", m.groups, now.groups}, {"network interface", m.links, now.links}} {
		for _, name := range list.before {
			if !slices.Contains(list.now, name) {
				errs = append(errs, fmt.Errorf("%s %s is gone", list.what, name))
			}
		}
		for _, name := range list.now {
			if !slices.Contains(list.before, name) {
				errs = append(errs, fmt.Errorf("%s %s is new", list.what, name))
			}
		}
	}
	if moved := now.offset - m.offset; moved.Abs() > step {
		errs = append(errs, fmt.Errorf("the clock was set by %s", moved))
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("the machine is not as it was: %w", errors.Join(errs...))
}
