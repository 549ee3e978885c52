//go:build unix

package update

import (
	"os"
	"path/filepath"
	"syscall"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
)

// process is one that was started here.
type process struct{ *os.Process }

// spawn starts a program in a session of its own: the end of ours would end it.
func spawn(program string, args []string) (process, error) {
	p, err := os.StartProcess(program, append([]string{program}, args...), &os.ProcAttr{
		Env: os.Environ(), Files: []*os.File{nil, nil, nil}, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	return process{p}, err
}

func (p process) id() int { return p.Pid }

func (p process) wait() (code int, err error) {
	state, err := p.Wait()
	if err != nil {
		return 0, err
	}
	return state.ExitCode(), nil
}

func kill(pid int) error { return syscall.Kill(pid, syscall.SIGKILL) }

// replace puts a program in the place of another, also of one that runs.
func replace(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return atomicfile.SyncFolder(filepath.Dir(to))
}
