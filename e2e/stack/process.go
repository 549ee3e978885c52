package stack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// stopTime is how long a program gets to stop cleanly; the slowest, the
// appliance, has a deadline of its own that is shorter.
const stopTime = 15 * time.Second

// Process is one program that can be started again after it ended.
type Process struct {
	// Name is central, appliance or agent.
	Name string
	// Path and Args are what runs.
	Path string
	Args []string
	// Ready is the message that says it is at work.
	Ready string
	// Log is a file that all output is added to.
	Log string
	// Each is called with every line, from one goroutine at a time.
	Each func(Line)

	mu  sync.Mutex
	run *run
}

// run is one life of a process.
type run struct {
	cmd *exec.Cmd
	// ready is closed at the line that says so, done when the process has ended and
	// all it said was read.
	ready, done chan struct{}
	last        string
	err         error
}

// Start starts the program and waits until it says it is ready.
func (p *Process) Start(ctx context.Context) error {
	r, err := p.launch()
	if err != nil {
		return fmt.Errorf("starting %s: %w", p.Name, err)
	}
	select {
	case <-r.ready:
		return nil
	case <-r.done:
		return fmt.Errorf("%w before it was ready", p.Reason())
	case <-ctx.Done():
		return fmt.Errorf("waiting for %s to be ready: %w", p.Name, context.Cause(ctx))
	}
}

// Launch starts the program and does not wait until it is ready.
func (p *Process) Launch() error {
	_, err := p.launch()
	return err
}

func (p *Process) launch() (*run, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.run != nil && !p.run.ended() {
		return nil, errors.New("it is running")
	}
	if err := os.MkdirAll(filepath.Dir(p.Log), 0o700); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	// The context of a start must not end the program it started.
	cmd := exec.Command(p.Path, p.Args...) //nolint:noctx // ended by Stop and Kill
	// Ctrl-C at a terminal reaches the whole group; the programs are stopped in
	// order instead.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, in, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	cmd.Stdout, cmd.Stderr = in, in
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, log.Close(), in.Close(), out.Close())
	}
	r := &run{cmd: cmd, ready: make(chan struct{}), done: make(chan struct{})}
	p.run = r
	go func() {
		err := errors.Join(in.Close(), p.follow(r, out, log))
		r.err = errors.Join(cmd.Wait(), err, out.Close(), log.Close())
		close(r.done)
	}()
	return r, nil
}

// follow reads until the program has ended and closed its output.
func (p *Process) follow(r *run, out io.Reader, log io.Writer) error {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if _, err := fmt.Fprintln(log, lines.Text()); err != nil {
			return fmt.Errorf("writing the log: %w", err)
		}
		line := parseLine(p.Name, lines.Text())
		r.last = line.Raw
		if line.Message == p.Ready {
			select {
			case <-r.ready:
			default:
				close(r.ready)
			}
		}
		if p.Each != nil {
			p.Each(line)
		}
	}
	return lines.Err()
}

func (r *run) ended() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// Running tells whether the program runs.
func (p *Process) Running() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.run != nil && !p.run.ended()
}

// PID is that of the program as it was started last.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.run.cmd.Process.Pid
}

// Ended is closed when the program, as it was started last, has ended; Reason
// then says how.
func (p *Process) Ended() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.run.done
}

// Reason tells how the program ended and what it said last.
func (p *Process) Reason() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.run.err
	if err == nil {
		err = errors.New("exit code 0")
	}
	return fmt.Errorf("%s ended by itself: %w: %s", p.Name, err, p.run.last)
}

// Kill ends the program as a power cut would, with no chance to clean up.
func (p *Process) Kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.run == nil || p.run.ended() {
		return nil
	}
	if err := p.run.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("killing %s: %w", p.Name, err)
	}
	<-p.run.done
	return nil
}

// Stop asks the program to stop and waits until it has. It is an error when the
// program is late or ends with another code than 0.
func (p *Process) Stop() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.run == nil || p.run.ended() {
		return nil
	}
	if err := p.run.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping %s: %w", p.Name, err)
	}
	late := time.NewTimer(stopTime)
	defer late.Stop()
	select {
	case <-p.run.done:
		if p.run.err != nil {
			return fmt.Errorf("stopping %s: %w: %s", p.Name, p.run.err, p.run.last)
		}
		return nil
	case <-late.C:
		err := p.run.cmd.Process.Kill()
		<-p.run.done
		return errors.Join(fmt.Errorf("%s did not stop within %s", p.Name, stopTime), err)
	}
}
