package linux

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

const (
	// insideVariable tells the process that has namespaces of its own from the one
	// that made them, and where its cgroup is.
	insideVariable = "OSIRIS_TEST_LINUX_INSIDE"
	// workFolder is in memory there.
	workFolder = "/mnt"
)

// Main runs a package's tests and gives the exit code. As root it runs them in a
// network, a process and a mount namespace, all of which ends with its first
// process, and compares the machine before and after; else Open is not to be used.
func Main(run func() int) int {
	if os.Geteuid() != 0 {
		return run()
	}
	if os.Getenv(insideVariable) != "" {
		if err := settle(); err != nil {
			fmt.Fprintln(os.Stderr, "making namespaces:", err)
			return 1
		}
		return run()
	}
	code, err := guarded()
	if err != nil {
		fmt.Fprintln(os.Stderr, "running the tests in namespaces:", err)
		return 1
	}
	return code
}

// settle makes the namespaces fit to work in.
func settle() error {
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	if err := syscall.Mount("tmpfs", workFolder, "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mounting %s: %w", workFolder, err)
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil { //nolint:noctx // at once
		return fmt.Errorf("setting up loopback: %w: %s", err, out)
	}
	return nil
}

// guarded runs this program again, in namespaces, and tells what it changed.
func guarded() (code int, err error) {
	// The tree is made with the machine's network.
	before, err := look()
	if err != nil {
		return 1, err
	}
	defer func() {
		after, e := look()
		if e == nil {
			e = before.same(after)
		}
		err = errors.Join(err, e)
	}()
	release, err := prepare()
	if err != nil {
		return 1, err
	}
	defer release()
	group, err := makeGroup()
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, removeGroup(group)) }()
	// The kernel kills the child when the thread that made it ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...) //nolint:noctx // go test ends it
	cmd.Env = append(os.Environ(), insideVariable+"="+group)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID, Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL,
	}
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return max(exit.ExitCode(), 1), nil
	}
	return 0, err
}
