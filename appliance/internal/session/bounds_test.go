package session

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
)

// pipes is a listener whose connections are handed to it.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// wire is a client that speaks HTTP/2 by hand and counts what comes back.
type wire struct {
	*http2.Framer
	mu    sync.Mutex
	acks  int
	gone  *http2.GoAwayFrame // its code only
	ended bool
}

func (w *wire) listen() {
	for {
		f, err := w.ReadFrame()
		w.mu.Lock()
		switch f := f.(type) {
		case *http2.PingFrame:
			if f.IsAck() {
				w.acks++
			}
		case *http2.GoAwayFrame:
			w.gone = &http2.GoAwayFrame{ErrCode: f.ErrCode}
		}
		if err != nil {
			w.ended = true
			w.mu.Unlock()
			return
		}
		w.mu.Unlock()
	}
}

// bounded serves one connection with the server's limits and no TLS.
func bounded(t *testing.T) *wire {
	t.Helper()
	server := grpc.NewServer(append(bounds(), grpc.UnknownServiceHandler(func(_ any, call grpc.ServerStream) error {
		<-call.Context().Done()
		return call.Context().Err()
	}))...)
	l := &pipes{conns: make(chan net.Conn, 1), done: make(chan struct{})}
	near, far := net.Pipe()
	l.conns <- far
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		_ = near.Close() // may be closed by the server already
		server.Stop()
		if err := <-served; err != nil {
			t.Errorf("Serve = %v", err)
		}
	})
	w := &wire{Framer: http2.NewFramer(near, near)}
	go w.listen()
	if _, err := io.WriteString(near, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	return w
}

// call opens a stream that stays open.
func (w *wire) call(t *testing.T) {
	t.Helper()
	var block headers
	enc := hpack.NewEncoder(&block)
	for _, f := range [][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":path", "/a.B/C"}, {":authority", "x"}, {"content-type", "application/grpc"}, {"te", "trailers"},
	} {
		if err := enc.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndHeaders: true}); err != nil {
		t.Fatal(err)
	}
}

type headers []byte

func (h *headers) Write(p []byte) (int, error) { *h = append(*h, p...); return len(p), nil }

func TestASessionThatOnlyPingsIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bounded(t)
		w.call(t)
		const pings = 40 // ten minutes at an agent's 15 s
		for range pings {
			time.Sleep(15 * time.Second)
			if err := w.WritePing(false, [8]byte{1}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.acks != pings || w.gone != nil || w.ended {
			t.Errorf("after %d PINGs: %d answers, GOAWAY %v, ended %v; want all answered", pings, w.acks, w.gone, w.ended)
		}
	})
}

func TestAFloodOfPingsEndsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bounded(t)
		for range 100 {
			if err := w.WritePing(false, [8]byte{1}); err != nil {
				break
			}
		}
		synctest.Wait()
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.gone == nil || w.gone.ErrCode != http2.ErrCodeEnhanceYourCalm {
			t.Errorf("after 100 PINGs at once GOAWAY = %v; want ENHANCE_YOUR_CALM", w.gone)
		}
	})
}

func TestAConnectionWithoutACallIsClosedAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bounded(t)
		for range (idleTime + time.Minute) / (15 * time.Second) {
			time.Sleep(15 * time.Second)
			if err := w.WritePing(false, [8]byte{1}); err != nil {
				break
			}
		}
		synctest.Wait()
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.gone == nil || w.gone.ErrCode != http2.ErrCodeNo {
			t.Errorf("after %s without a call GOAWAY = %v; want NO_ERROR", idleTime, w.gone)
		}
	})
}

func TestAStrangersConnectionEndsWhateverItDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		c := brief(far, time.Minute)
		read := make(chan error, 1)
		go func() {
			_, err := io.Copy(io.Discard, c)
			read <- err
		}()
		sent := time.Now()
		for {
			if _, err := near.Write([]byte{0}); err != nil {
				break
			}
			time.Sleep(time.Second)
		}
		if lived := time.Since(sent); lived < time.Minute || lived > time.Minute+time.Second {
			t.Errorf("the connection lived %s; want a minute", lived)
		}
		if err := <-read; !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("read = %v; want the closed connection", err)
		}
	})
}

func TestConnectionsLeaveFilesForTheRest(t *testing.T) {
	for files, want := range map[uint64]int{0: 0, 128: 64, 1024: 512, 20000: 18976, 21024: maxConns, 1 << 62: maxConns} {
		if got := within(files); got != want {
			t.Errorf("within(%d) = %d; want %d", files, got, want)
		}
	}
	if got := places(); got < 1 || got > maxConns {
		t.Errorf("places() = %d; want between 1 and %d", got, maxConns)
	}
}
