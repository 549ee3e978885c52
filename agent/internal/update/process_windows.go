package update

import (
	"os"
	"strings"
	"syscall"
	"time"
)

// process is one that was started here. os.StartProcess is 25 KB on Windows.
type process struct {
	handle syscall.Handle
	pid    uint32
}

// detachedProcess has no console, whose end would end it (DETACHED_PROCESS).
const detachedProcess = 0x8

// spawn starts a program with our environment.
func spawn(program string, args []string) (process, error) {
	line := syscall.EscapeArg(program)
	for _, a := range args {
		line += " " + syscall.EscapeArg(a)
	}
	var p syscall.ProcessInformation
	name, err := syscall.UTF16PtrFromString(program)
	if err != nil || strings.IndexByte(line, 0) >= 0 {
		return process{}, syscall.EINVAL
	}
	text, err := syscall.UTF16PtrFromString(line) // the system may change it in place
	if err == nil {
		err = syscall.CreateProcess(name, text, nil, nil, false, detachedProcess, nil, nil, &syscall.StartupInfo{}, &p)
	}
	if err != nil {
		return process{}, err
	}
	_ = syscall.CloseHandle(p.Thread) // nothing is lost if it stays
	return process{p.Process, p.ProcessId}, nil
}

func (p process) id() int { return int(p.pid) }

func (p process) wait() (code int, err error) {
	var status uint32
	if _, err = syscall.WaitForSingleObject(p.handle, syscall.INFINITE); err == nil {
		err = syscall.GetExitCodeProcess(p.handle, &status)
	}
	_ = syscall.CloseHandle(p.handle) // nothing is lost if it stays
	return int(status), err
}

func kill(pid int) error {
	h, err := syscall.OpenProcess(syscall.PROCESS_TERMINATE, false, uint32(pid))
	if err != nil {
		return err
	}
	err = syscall.TerminateProcess(h, 1)
	_ = syscall.CloseHandle(h) // nothing is lost if it stays
	return err
}

// Windows does not replace a program that runs, nor one that a virus scanner has
// just opened.
const (
	replaceTries = 20
	replacePause = 250 * time.Millisecond
)

// replace puts a program in the place of another. One that still runs after a
// while is renamed out of the way: a running program may be renamed, not
// replaced.
func replace(from, to string) error {
	var err error
	for range replaceTries {
		if err = os.Rename(from, to); err == nil {
			return nil
		}
		time.Sleep(replacePause)
	}
	away := beside(to, "away")
	_ = os.Remove(away) // of an earlier time
	if os.Rename(to, away) != nil {
		return err
	}
	if err = os.Rename(from, to); err != nil {
		_ = os.Rename(away, to) // the old one is better than none
	}
	return err
}
