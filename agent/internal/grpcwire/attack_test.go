package grpcwire_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"

	"github.com/osiriscare/osiris/agent/internal/grpcwire"
)

// maxSpent is what one attack may make client and script allocate together over
// its whole life; the longest floods try 100,000 frames.
const maxSpent = 16 << 20

type attack struct {
	name   string
	script func(*peer)
	first  []http2.Setting                        // sent before the script runs
	code   uint32                                 // of the call; 0 with conn "" means that the call ends well
	text   string                                 // in the call's error
	conn   string                                 // in the connection's error; "" means that it lives
	within time.Duration                          // of the bubble's clock; 0 means at once
	cfg    grpcwire.Config                        //
	peer   func(*peer)                            // changes the peer before it starts
	use    func(*testing.T, *grpcwire.Conn) error // instead of a unary call
}

// run plays one attack in a bubble, where a hang or a goroutine left behind
// fails the test by itself.
func (a attack) run(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		p := &peer{}
		if a.peer != nil {
			a.peer(p)
		}
		script := a.script
		if a.first != nil {
			script = func(p *peer) {
				_ = p.WriteSettings(a.first...)
				a.script(p)
			}
		}
		var wg sync.WaitGroup
		c, err := grpcwire.NewConn(t.Context(), start(t, &wg, p, script), a.cfg)
		if err != nil {
			if a.conn == "" || !strings.Contains(err.Error(), a.conn) {
				t.Errorf("NewConn = %v; want %q in it", err, a.conn)
			}
		} else {
			a.judge(t, c)
		}
		if spent := time.Since(began); spent > a.within {
			t.Errorf("it took %v; want at most %v", spent, a.within)
		}
		if c != nil {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
		wg.Wait()
		runtime.ReadMemStats(&after)
		if spent := after.TotalAlloc - before.TotalAlloc; spent > maxSpent {
			t.Errorf("allocated %d bytes in all; want at most %d", spent, maxSpent)
		}
	})
}

func (a attack) judge(t *testing.T, c *grpcwire.Conn) {
	t.Helper()
	use := a.use
	if use == nil {
		use = func(t *testing.T, c *grpcwire.Conn) error {
			_, err := c.Invoke(t.Context(), "/a/b", []byte("hello"))
			return err
		}
	}
	err := use(t, c)
	if a.conn != "" {
		<-c.Done()
		if got := c.Err().Error(); !strings.Contains(got, a.conn) {
			t.Errorf("connection's error = %q; want %q in it", got, a.conn)
		}
		if a.code == 0 {
			a.code = grpcwire.Unavailable
		}
		if a.text == "" {
			a.text = a.conn
		}
	} else {
		synctest.Wait()
		if c.Err() != nil {
			t.Errorf("connection ended with %v; want it alive", c.Err())
		}
	}
	if a.code == 0 {
		if err != nil {
			t.Errorf("call = %v; want nil", err)
		}
		return
	}
	if grpcwire.Code(err) != a.code || !strings.Contains(err.Error(), a.text) {
		t.Errorf("call = %v; want status %d with %q", err, a.code, a.text)
	}
}

// open opens a call, reads nothing and waits for the end of the connection.
func open(t *testing.T, c *grpcwire.Conn) error {
	t.Helper()
	s, err := c.Open(t.Context(), "/a/b")
	if err != nil {
		return err
	}
	<-c.Done()
	_, err = s.Recv(t.Context())
	return err
}

// afterwards makes one call that ends well, and one more when the connection is over.
func afterwards(t *testing.T, c *grpcwire.Conn) error {
	t.Helper()
	if err := open(t, c); !errors.Is(err, io.EOF) {
		t.Errorf("first call = %v; want EOF", err)
	}
	_, err := c.Open(t.Context(), "/a/b")
	return err
}

func contextFor(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), d)
}

func greeted(f func(*peer)) func(*peer) { return func(p *peer) { p.greet(); f(p) } }

// settled has seen all that the client sends before an answer comes.
func settled(f func(*peer)) func(*peer) {
	return greeted(func(p *peer) {
		for acked, ended := false, false; !acked || !ended; {
			h := <-p.frames
			acked = acked || h.Type == http2.FrameSettings && h.Flags.Has(http2.FlagSettingsAck)
			ended = ended || h.Type == http2.FrameData && h.Flags.Has(http2.FlagDataEndStream)
		}
		f(p)
	})
}

func answered(f func(*peer)) func(*peer) { return func(p *peer) { p.greet(); p.answer(); f(p) } }

var ok = []string{"grpc-status", "0"}
