package probe

import (
	"context"
	"strings"
	"syscall"
	"unsafe"

	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/shared/check"
)

func (p *Probe) readRMM(ctx context.Context) (check.Facts, error) {
	p.attach()
	return detect(ctx, p.Signatures, &windowsSoftware{p.registry, runningPrograms, serviceRuns, findFiles})
}

func serviceRuns(name string) (bool, error) {
	s, err := winapi.QueryService(name)
	return s.State == winapi.ServiceRunning, err
}

// maxPaths: a product with more copies is known well enough.
const maxPaths = 8

// findFiles lets Windows look for the last part of a pattern.
func findFiles(pattern string) (found []string) {
	name, err := syscall.UTF16PtrFromString(strings.ReplaceAll(pattern, "{id}", "*"))
	if err != nil {
		return nil
	}
	data := &syscall.Win32finddata{}
	search, err := syscall.FindFirstFile(name, data)
	if err != nil {
		return nil
	}
	folder := pattern[:len(pattern)-len(baseName(pattern))]
	for err == nil && len(found) < maxPaths {
		found = append(found, folder+syscall.UTF16ToString(data.FileName[:]))
		err = syscall.FindNextFile(search, data)
	}
	_ = syscall.FindClose(search) // only read
	return found
}

var (
	enumProcesses             = kernel32.NewProc("K32EnumProcesses")
	queryFullProcessImageName = kernel32.NewProc("QueryFullProcessImageNameW")
)

const (
	// queryLimited is PROCESS_QUERY_LIMITED_INFORMATION of winnt.h; it is enough
	// for protected processes, too.
	queryLimited = 0x1000
	maxProcesses = 8192
	maxPath      = 1024
)

// runningPrograms are the paths of all processes but the kernel's own. WMI's
// Win32_Process would cost a tenth of a second.
func runningPrograms() ([]string, error) {
	pids := make([]uint32, maxProcesses)
	size := uint32(0)
	ok, _, err := enumProcesses.Call(uintptr(unsafe.Pointer(&pids[0])), maxProcesses*4, uintptr(unsafe.Pointer(&size)))
	if ok == 0 {
		return nil, err
	}
	var programs []string
	path := make([]uint16, maxPath)
	for _, pid := range pids[:size/4] {
		process, err := syscall.OpenProcess(queryLimited, false, pid)
		if err != nil {
			continue
		}
		size := uint32(maxPath)
		ok, _, _ := queryFullProcessImageName.Call(uintptr(process), 0, uintptr(unsafe.Pointer(&path[0])), uintptr(unsafe.Pointer(&size)))
		if ok != 0 {
			programs = append(programs, syscall.UTF16ToString(path[:size]))
		}
		_ = syscall.CloseHandle(process) // only read
	}
	return programs, nil
}
