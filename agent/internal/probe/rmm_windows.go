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

// findData is WIN32_FIND_DATAW of minwinbase.h.
type findData struct {
	_         [0]func() // no comparison, as of drive
	_         [11]uint32
	name      [syscall.MAX_PATH]uint16
	shortName [14]uint16
}

// findFiles lets Windows look for the last part of a pattern.
func findFiles(pattern string) (found []string) {
	data := new(findData)
	search, _ := winapi.Call(winapi.Kernel32, "FindFirstFileW", uintptr(unsafe.Pointer(winapi.Wide(strings.ReplaceAll(pattern, "{id}", "*")))),
		uintptr(unsafe.Pointer(data)))
	folder := pattern[:len(pattern)-len(baseName(pattern))]
	for more := search + 1; more != 0 && len(found) < maxPaths; { // -1 is INVALID_HANDLE_VALUE
		found = push(found, folder+syscall.UTF16ToString(data.name[:]))
		more, _ = winapi.Call(winapi.Kernel32, "FindNextFileW", search, uintptr(unsafe.Pointer(data)))
	}
	_ = syscall.FindClose(syscall.Handle(search)) // only read
	return found
}

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
	ok, code := winapi.Call(winapi.Kernel32, "K32EnumProcesses", uintptr(unsafe.Pointer(&pids[0])), maxProcesses*4, uintptr(unsafe.Pointer(&size)))
	if ok == 0 {
		return nil, code
	}
	var programs []string
	path := make([]uint16, maxPath)
	for _, pid := range pids[:size/4] {
		process, err := syscall.OpenProcess(queryLimited, false, pid)
		if err != nil {
			continue
		}
		size := uint32(maxPath)
		ok, _ := winapi.Call(winapi.Kernel32, "QueryFullProcessImageNameW", uintptr(process), 0, uintptr(unsafe.Pointer(&path[0])), uintptr(unsafe.Pointer(&size)))
		if ok != 0 {
			programs = push(programs, syscall.UTF16ToString(path[:size]))
		}
		_ = syscall.CloseHandle(process) // only read
	}
	return programs, nil
}
