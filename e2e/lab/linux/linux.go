// Package linux boots a real Debian with systemd as process 1, in namespaces of a
// test's own, for what is tried over SSH. Open's Target has the address where its
// sshd listens; only the test's network namespace leads there. Every Target is
// fresh: it writes to memory, above a tree that is made once from Debian's packages
// and cached in the folder linux-target under OSIRIS_CACHE, else osiris/linux-target
// under the user's cache folder. A test's TestMain hands over to Main, which makes
// the namespaces and fails the tests when the machine is not as it was.
//
// The target's root is root of the machine without what no namespace divides:
// /proc/sys is read-only but for net, /sys but for its cgroup; it has no device but
// null, zero, full, random, urandom, tty and terminals, and no capability to set
// the clock, load modules, make devices or restart. Needed are root, Linux 5.14,
// and Debian's mmdebstrap and iproute2 (tools/debian-packages.txt).
package linux

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// Who may sign in, all over SSH with Password. Root may not.
const (
	// Keeper needs no password for sudo, Clerk hers, and Visitor may not use it.
	Keeper   = "keeper"
	Clerk    = "clerk"
	Visitor  = "visitor"
	Password = "Secret-1"
)

//go:embed boot.sh
var bootScript string

// withheld are the capabilities that a target has not. Those of which no name says
// the time, the kernel or devices could read or stop what is the machine's.
const withheld = "-sys_time,-sys_module,-sys_boot,-sys_rawio,-sys_resource,-syslog,-mknod,-mac_admin,-mac_override,-wake_alarm,-block_suspend,-audit_read,-perfmon,-checkpoint_restore"

// booting is how long systemd may take until sshd answers; seen were 2 s.
const booting = time.Minute

// Target is a running Debian. It is for one goroutine.
type Target struct {
	// Address is where its sshd listens, on port 22; Gateway is ours on the same
	// network.
	Address, Gateway string

	init   *exec.Cmd
	exited chan struct{}
	log    bytes.Buffer
	group  string
}

var booted atomic.Int32

// Open boots a target. Where none can be the error is ErrMissing.
func Open(ctx context.Context) (*Target, error) {
	switch {
	case os.Geteuid() != 0 || !installed():
		return nil, ErrMissing
	case os.Getenv(insideVariable) == "":
		return nil, errors.New("booting a target: the test's TestMain does not call linux.Main")
	}
	tree, err := treeFolder()
	if err != nil {
		return nil, err
	}
	n := booted.Add(1)
	t := &Target{
		Address: fmt.Sprintf("10.98.%d.2", n), Gateway: fmt.Sprintf("10.98.%d.1", n), exited: make(chan struct{}),
		group: filepath.Join(os.Getenv(insideVariable), strconv.Itoa(int(n))),
	}
	if err := t.boot(ctx, tree, n); err != nil {
		return nil, errors.Join(fmt.Errorf("booting a target: %w", err), t.Close())
	}
	return t, nil
}

func (t *Target) boot(ctx context.Context, tree string, n int32) error {
	if err := os.Mkdir(t.group, 0o755); err != nil {
		return err
	}
	group, err := os.Open(t.group)
	if err != nil {
		return err
	}
	defer group.Close() //nolint:errcheck // it was only for naming the cgroup
	folder := filepath.Join(workFolder, strconv.Itoa(int(n)))
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	// It outlives ctx, which is for booting; Close ends it.
	t.init = exec.Command("/bin/sh", "-c", bootScript, "boot", tree, folder, t.Address+"/24", withheld) //nolint:noctx // see above
	t.init.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:   syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWNET,
		Unshareflags: syscall.CLONE_NEWCGROUP, UseCgroupFD: true, CgroupFD: int(group.Fd()),
	}
	t.init.Stdout, t.init.Stderr = &t.log, &t.log
	begin, err := t.init.StdinPipe()
	if err != nil {
		return err
	}
	if err := t.init.Start(); err != nil {
		t.init = nil
		return err
	}
	go func() { defer close(t.exited); _ = t.init.Wait() }()
	veth := fmt.Sprintf("target%d", n)
	for _, args := range [][]string{
		{"link", "add", veth, "type", "veth", "peer", "name", "eth0", "netns", strconv.Itoa(t.init.Process.Pid)},
		{"address", "add", t.Gateway + "/24", "dev", veth},
		{"link", "set", veth, "up"},
	} {
		if out, err := exec.CommandContext(ctx, "ip", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", args[0], err, out)
		}
	}
	if _, err := begin.Write([]byte("\n")); err != nil {
		return fmt.Errorf("%w: %s", err, t.log.String())
	}
	return t.wait(ctx)
}

// wait waits until sshd answers and systemd has started everything.
func (t *Target) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, booting)
	defer cancel()
	for !t.answers() {
		select {
		case <-t.exited:
			return fmt.Errorf("process 1 ended: %s", t.log.String())
		case <-ctx.Done():
			return fmt.Errorf("waiting for sshd: %w: %s", ctx.Err(), t.log.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
	// It answers with an error when a unit failed, which a test may judge.
	if _, err := t.Run(ctx, "systemctl is-system-running --wait || true"); err != nil {
		return fmt.Errorf("waiting for systemd: %w", err)
	}
	return nil
}

func (t *Target) answers() bool {
	c, err := net.DialTimeout("tcp", net.JoinHostPort(t.Address, "22"), time.Second) //nolint:noctx // it is short
	if err != nil {
		return false
	}
	defer c.Close() //nolint:errcheck // nothing was said
	banner := make([]byte, 4)
	_ = c.SetReadDeadline(time.Now().Add(time.Second))
	_, err = c.Read(banner)
	return err == nil && string(banner) == "SSH-"
}

// Run runs a script of the shell as the target's root, from outside: not over SSH,
// and whatever its firewall says. The error has what it printed.
func (t *Target) Run(ctx context.Context, script string) (string, error) {
	cmd := t.Command(ctx, "sh", "-eu", "-s")
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("running in the target: %w: %s", err, out)
	}
	return string(out), nil
}

// Command is a program of the target's, run as its root and bound as it is.
func (t *Target) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	all := append([]string{
		"--target", strconv.Itoa(t.init.Process.Pid), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd",
		"setpriv", "--bounding-set=" + withheld, "--inh-caps=-all", "--", name,
	}, args...)
	cmd := exec.CommandContext(ctx, "nsenter", all...)
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	cmd.WaitDelay = 5 * time.Second // what it started may keep its output
	return cmd
}

// Close ends the target; its processes, mounts, network and cgroup end with it.
func (t *Target) Close() error {
	if t.init != nil {
		if err := t.init.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("ending a target: %w", err)
		}
		<-t.exited
	}
	return removeGroup(t.group)
}
