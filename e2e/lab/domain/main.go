package domain

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// inside tells the process that has namespaces of its own from the one that made
// them.
const inside = "OSIRIS_TEST_DOMAIN_INSIDE"

// Inside reports whether this process has namespaces of its own.
func Inside() bool { return os.Getenv(inside) != "" }

// Main runs a program and gives its exit code. As root it runs it in a network, a
// process and a mount namespace, all of which end with its first process; else
// Start gives ErrNot.
func Main(run func() int) int {
	switch {
	case os.Geteuid() != 0:
		return run()
	case Inside():
		if err := settle(); err != nil {
			fmt.Fprintln(os.Stderr, "making namespaces:", err)
			return 1
		}
		return run()
	}
	code, err := apart()
	if err != nil {
		fmt.Fprintln(os.Stderr, "running in namespaces:", err)
		return 1
	}
	return code
}

// settle makes the namespaces fit to work in.
func settle() error {
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil { //nolint:noctx // at once
		return fmt.Errorf("setting up loopback: %w: %s", err, out)
	}
	return nil
}

// apart runs this program again, in namespaces, and looks whether the machine's
// mounts stayed.
func apart() (code int, err error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return 1, err
	}
	// The kernel kills the child when the thread that made it ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...) //nolint:noctx // whoever started this ends it
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID, Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL,
	}
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code, err = max(exit.ExitCode(), 1), nil
	}
	if err != nil {
		return 1, err
	}
	after, err := os.ReadFile("/proc/self/mounts")
	if err == nil && string(after) != string(mounts) {
		err = errors.New("the machine's mounts changed")
	}
	return code, err
}
