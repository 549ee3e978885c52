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

// complaintLimit bounds what is kept of standard error.
const complaintLimit = 4 << 10

// Run starts a command of the list and returns what it wrote. The program and
// what it started are killed when the time is over or the output is too much.
func Run(ctx context.Context, c *Command) ([]byte, error) { return RunFor(ctx, c, 0) }

// RunFor is Run for a command that works on the session of one user.
func RunFor(ctx context.Context, c *Command, user uint32) ([]byte, error) {
	args := c.argv(user)
	if c.root && os.Geteuid() != 0 {
		return nil, fmt.Errorf("running %s: it needs root", args[0])
	}
	ctx, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	out, complaint, err := c.run(ctx, args)
	switch {
	case errors.Is(err, ErrOutput):
		return nil, fmt.Errorf("running %s: %w", args[0], err)
	case ctx.Err() != nil:
		return nil, fmt.Errorf("running %s: %w", args[0], ctx.Err())
	case err != nil:
		line, _, _ := strings.Cut(string(complaint), "\n")
		return nil, fmt.Errorf("running %s: %w: %s", args[0], err, strings.TrimSpace(line))
	}
	return out, nil
}

// run is RunFor without words for people.
func (c *Command) run(ctx context.Context, args []string) (out, complaint []byte, err error) {
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer outRead.Close() //nolint:errcheck // only read
	errRead, errWrite, err := os.Pipe()
	if err != nil {
		return nil, nil, errors.Join(err, outWrite.Close())
	}
	defer errRead.Close() //nolint:errcheck // only read
	files := []*os.File{nil, outWrite, errWrite}
	if c.both {
		files[2] = outWrite
	}
	process, err := os.StartProcess(args[0], args, &os.ProcAttr{
		Dir: "/", Env: []string{"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, Files: files,
		// A group of its own, so that a grandchild does not outlive the limit.
		Sys: &syscall.SysProcAttr{Setpgid: true},
	})
	if err = errors.Join(err, outWrite.Close(), errWrite.Close()); err != nil || process == nil {
		return nil, nil, err
	}
	kill := func() {
		_ = syscall.Kill(-process.Pid, syscall.SIGKILL)                                   // gone already, or not ours to ask
		_ = errors.Join(outRead.SetDeadline(time.Now()), errRead.SetDeadline(time.Now())) // whoever holds the pipes
	}
	stop := context.AfterFunc(ctx, kill)
	defer stop()
	complaints := make(chan []byte, 1)
	go func() {
		b, _ := readUpTo(errRead, complaintLimit)
		complaints <- b
	}()
	out, over := readUpTo(outRead, c.bytes)
	if over {
		kill()
	}
	complaint = <-complaints
	state, err := process.Wait()
	switch {
	case over:
		return nil, nil, ErrOutput
	case err != nil:
		return nil, complaint, err
	case !state.Success() && (!c.both || !state.Exited()):
		return nil, complaint, errors.New("it ended with exit status " + strconv.Itoa(state.ExitCode()))
	}
	return out, complaint, nil
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
