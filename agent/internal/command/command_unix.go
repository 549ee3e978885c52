//go:build linux || darwin

package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrOutput means that a program wrote more than its entry allows.
var ErrOutput = errors.New("more output than expected")

// Run starts a command of the list and returns what it wrote. The program and
// what it started are killed when the time is over or the output is too much.
func Run(ctx context.Context, c *Command) ([]byte, error) { return RunFor(ctx, c, 0) }

// RunFor is Run for a command that works on the session of one user.
func RunFor(ctx context.Context, c *Command, user uint32) ([]byte, error) {
	args := c.argv(user)
	out, err := c.run(ctx, args)
	if err != nil {
		return nil, fmt.Errorf("running %s: %w", args[0], err)
	}
	return out, nil
}

// run is RunFor without the program's name.
func (c *Command) run(ctx context.Context, args []string) ([]byte, error) {
	if c.root && os.Geteuid() != 0 {
		return nil, errors.New("it needs root")
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close() //nolint:errcheck // only read
	process, err := os.StartProcess(args[0], args, &os.ProcAttr{
		Dir: "/", Env: []string{"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, Files: []*os.File{nil, write, write},
		// A group of its own, so that a grandchild does not outlive the limit.
		Sys: &syscall.SysProcAttr{Setpgid: true},
	})
	if err = errors.Join(err, write.Close()); err != nil || process == nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	kill := func() {
		_ = syscall.Kill(-process.Pid, syscall.SIGKILL) // gone already, or not ours to ask
		_ = read.SetDeadline(time.Now())                // whoever holds the pipe
	}
	defer context.AfterFunc(ctx, kill)()
	out, over := readUpTo(read, c.bytes)
	if over {
		kill()
	}
	state, err := process.Wait()
	switch {
	case over:
		return nil, ErrOutput
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, err
	case !state.Success() && (!c.anyExit || !state.Exited()):
		line, _, _ := strings.Cut(string(out), "\n")
		return nil, errors.New("it ended with exit status " + strconv.Itoa(state.ExitCode()) + ": " + strings.TrimSpace(line))
	}
	return out, nil
}

// readUpTo reads to the end, or to one byte past the limit.
func readUpTo(f *os.File, limit int) (content []byte, over bool) {
	content = make([]byte, 0, limit+1)
	for len(content) <= limit {
		n, err := f.Read(content[len(content) : limit+1])
		content = content[:len(content)+n]
		if err != nil { // the end, or the deadline, which Run tells from ctx
			return content, false
		}
	}
	return content, true
}
