//go:build integration

package e2e_test

import (
	"context"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
)

// gate is a network between an agent and its appliance's port: what a firewall,
// a pulled cable and a sleeping laptop do to connections.
type gate struct {
	target string
	l      net.Listener

	mu    sync.Mutex
	shut  bool // new connections are closed at once
	lines []*line
}

// line is one connection through the gate.
type line struct {
	in, out net.Conn
	mu      sync.Mutex
	silent  bool // nothing passes any more, and nobody is told
}

// newGate opens a gate before a port on loopback.
func newGate(t *testing.T, port int) *gate {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{target: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), l: l}
	go g.accept()
	t.Cleanup(func() {
		_ = l.Close()
		g.set(true)
	})
	return g
}

func (g *gate) addr() string { return g.l.Addr().String() }

func (g *gate) accept() {
	for {
		in, err := g.l.Accept()
		if err != nil {
			return
		}
		out, err := new(net.Dialer).DialContext(context.Background(), "tcp", g.target)
		g.mu.Lock()
		if err != nil || g.shut {
			_ = in.Close()
			if err == nil {
				_ = out.Close()
			}
			g.mu.Unlock()
			continue
		}
		l := &line{in: in, out: out}
		g.lines = append(g.lines, l)
		g.mu.Unlock()
		go l.copy(in, out)
		go l.copy(out, in)
	}
}

// copy passes bytes on, or swallows them once the line is silent.
func (l *line) copy(to, from net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		l.mu.Lock()
		silent := l.silent
		l.mu.Unlock()
		if silent {
			_, _ = io.Copy(io.Discard, from)
			return
		}
		if n > 0 {
			if _, werr := to.Write(buf[:n]); werr != nil {
				err = werr
			}
		}
		if err != nil {
			_, _ = to.Close(), from.Close()
			return
		}
	}
}

// set shuts the gate and cuts all connections, or opens it.
func (g *gate) set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = shut
	if shut {
		for _, l := range g.lines {
			_, _ = l.in.Close(), l.out.Close()
		}
		g.lines = nil
	}
}

// silence makes the connections there are dead without a word; new ones work.
func (g *gate) silence() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, l := range g.lines {
		l.mu.Lock()
		l.silent = true
		l.mu.Unlock()
	}
	g.lines = nil
}
