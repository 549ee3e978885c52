package probe

import (
	"context"
	"os"
	"strings"
	"syscall"
	"unsafe"

	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/shared/check"
)

func (p *Probe) readRMM(ctx context.Context) (check.Facts, error) {
	p.attach()
	return detect(ctx, p.Signatures, &windowsSoftware{p.registry, runningPrograms, serviceRuns})
}

func serviceRuns(name string) (bool, error) {
	s, err := winapi.QueryService(name)
	return s.State == winapi.ServiceRunning, err
}

// expand puts a folder in the place of a variable at the start. A service's
// environment has the four that a list may use.
func expand(pattern string) string {
	if pattern[0] != '%' {
		return pattern
	}
	name, rest, _ := strings.Cut(pattern[1:], "%")
	return os.Getenv(name) + rest
}

var queryFullProcessImageName = kernel32.NewProc("QueryFullProcessImageNameW")

// queryLimited is PROCESS_QUERY_LIMITED_INFORMATION of winnt.h.
const queryLimited = 0x1000

// runningPrograms are the paths of all processes, or the names of those that
// Windows protects. WMI's Win32_Process would cost a tenth of a second.
func runningPrograms() ([]entry, error) {
	snapshot, err := syscall.CreateToolhelp32Snapshot(syscall.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return nil, os.NewSyscallError("CreateToolhelp32Snapshot", err)
	}
	defer syscall.CloseHandle(snapshot) //nolint:errcheck // only read
	var programs []entry
	process := syscall.ProcessEntry32{Size: uint32(unsafe.Sizeof(syscall.ProcessEntry32{}))}
	for err = syscall.Process32First(snapshot, &process); err == nil; err = syscall.Process32Next(snapshot, &process) {
		name := programPath(process.ProcessID)
		if name == "" {
			name = syscall.UTF16ToString(process.ExeFile[:])
		}
		programs = append(programs, entry{name: name})
	}
	if err != syscall.ERROR_NO_MORE_FILES {
		return nil, os.NewSyscallError("Process32Next", err)
	}
	return programs, nil
}

func programPath(pid uint32) string {
	process, err := syscall.OpenProcess(queryLimited, false, pid)
	if err != nil {
		return ""
	}
	defer syscall.CloseHandle(process) //nolint:errcheck // only read
	var path [1024]uint16
	size := uint32(len(path))
	ok, _, _ := queryFullProcessImageName.Call(uintptr(process), 0, uintptr(unsafe.Pointer(&path)), uintptr(unsafe.Pointer(&size)))
	if ok == 0 {
		return ""
	}
	return syscall.UTF16ToString(path[:])
}
