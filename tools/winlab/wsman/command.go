package wsman

import (
	"context"
	"io"
	"sync"
	"time"
)

// pipeSize bounds what waits in a pipe of a command; beyond it the writer
// waits for the reader, as at a pipe of the system.
const pipeSize = 1 << 20

// command is one running command line and its three pipes.
type command struct {
	id     string
	ctx    context.Context //nolint:containedctx // the life of the command, not of a request
	cancel context.CancelFunc

	mu      sync.Mutex
	changed chan struct{}
	stdin   []byte
	ended   bool // no more standard input
	out     map[string][]byte
	done    bool
	exit    int
	stopped bool // signalled, or its shell is gone
}

func newCommand(ctx context.Context, id string) *command {
	c := &command{id: id, changed: make(chan struct{}), out: map[string][]byte{}}
	c.ctx, c.cancel = context.WithCancel(ctx)
	return c
}

// run hands the line to the host; it is a goroutine of its own. What the host
// writes is UTF-8, and comes out in the shell's code page.
func (c *command) run(host Host, line, codepage string) {
	stdout, stderr := inCodepage(codepage, output{c, "stdout"}), inCodepage(codepage, output{c, "stderr"})
	exit := host.Run(c.ctx, line, stdin{c}, stdout, stderr)
	// Half a letter at the end is nothing.
	_, _ = stdout.Close(), stderr.Close()
	c.update(func() { c.done, c.exit = true, exit })
	c.cancel()
}

// stop ends the command and whoever waits for its output.
func (c *command) stop() {
	c.update(func() { c.stopped = true })
	c.cancel()
}

func (c *command) update(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
	close(c.changed)
	c.changed = make(chan struct{})
}

// send adds standard input; it says false when there was no room in time.
func (c *command) send(ctx context.Context, wait time.Duration, b []byte, end bool) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		c.mu.Lock()
		room := len(c.stdin) == 0 || len(c.stdin)+len(b) <= pipeSize || c.done || c.stopped
		changed := c.changed
		c.mu.Unlock()
		if room {
			c.update(func() {
				// What comes after the end, or for a command that is over, is lost.
				if !c.ended && !c.done {
					c.stdin = append(c.stdin, b...)
					c.ended = end
				}
			})
			return true
		}
		select {
		case <-changed:
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// stdin is the host's end of standard input.
type stdin struct{ c *command }

func (s stdin) Read(p []byte) (int, error) {
	for {
		n, ended, changed := 0, false, (chan struct{})(nil)
		s.c.mu.Lock()
		n = copy(p, s.c.stdin)
		ended, changed = s.c.ended, s.c.changed
		s.c.mu.Unlock()
		switch {
		case n > 0:
			s.c.update(func() { s.c.stdin = s.c.stdin[n:] })
			return n, nil
		case ended:
			return 0, io.EOF
		}
		select {
		case <-changed:
		case <-s.c.ctx.Done():
			return 0, s.c.ctx.Err()
		}
	}
}

// output is the host's end of standard output or error.
type output struct {
	c      *command
	stream string
}

func (o output) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		o.c.mu.Lock()
		room := pipeSize - len(o.c.out[o.stream])
		changed := o.c.changed
		o.c.mu.Unlock()
		if room > 0 {
			n := min(room, len(p)-written)
			o.c.update(func() { o.c.out[o.stream] = append(o.c.out[o.stream], p[written:written+n]...) })
			written += n
			continue
		}
		select {
		case <-changed:
		case <-o.c.ctx.Done():
			return written, o.c.ctx.Err()
		}
	}
	return written, nil
}

// chunk is what one Receive takes.
type chunk struct {
	streams []stream
	done    bool
	exit    int
	stopped bool
}

type stream struct {
	name  string
	bytes []byte
}

// take gives up to limit bytes of the wanted streams; ok is false when there
// is nothing to say yet, and changed tells when to ask again.
func (c *command) take(want []string, limit int) (out chunk, ok bool, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	left := limit
	for _, name := range want {
		n := min(left, len(c.out[name]))
		if n == 0 {
			continue
		}
		out.streams = append(out.streams, stream{name, append([]byte(nil), c.out[name][:n]...)})
		c.out[name] = c.out[name][n:]
		left -= n
	}
	if left < limit {
		close(c.changed)
		c.changed = make(chan struct{})
	}
	rest := 0
	for _, b := range c.out {
		rest += len(b)
	}
	out.stopped = c.stopped
	out.done, out.exit = c.done && rest == 0, c.exit
	return out, len(out.streams) > 0 || out.done || out.stopped, c.changed
}
