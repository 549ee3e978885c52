package grpcwire_test

import (
	"context"
	"math"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/osiriscare/osiris/agent/internal/grpcwire"
)

func TestPaddingIsGivenBack(t *testing.T) {
	attack{script: answered(func(p *peer) {
		p.data(false, 0, 0, 0, 1, 0x90) // 400 bytes follow, under 100 KB of padding
		for range 400 {
			_ = p.WriteDataPadded(1, false, []byte{1}, make([]byte, 250))
		}
		p.headers(1, true, ok...)
	})}.run(t)
}

// sent counts DATA until the client has been quiet for a minute of the bubble.
func sent(p *peer) (n uint32) {
	quiet := time.After(time.Minute)
	for {
		select {
		case h := <-p.frames:
			if h.Type == http2.FrameData {
				n += h.Length
			}
		case <-quiet:
			return n
		}
	}
}

func TestSendStopsExactlyAtTheConnectionsWindow(t *testing.T) {
	attack{
		within: time.Hour, peer: func(p *peer) { p.pong = true },
		script: func(p *peer) {
			p.greet(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 20})
			if n := sent(p); n != 65535 {
				t.Errorf("client sent %d bytes; want 65535, the connection's first window", n)
			}
			_ = p.WriteWindowUpdate(0, 100)
			if n := sent(p); n != 100 {
				t.Errorf("client sent %d bytes more; want 100", n)
			}
			_ = p.WriteWindowUpdate(0, 100000)
			if n := sent(p); n != 34370 {
				t.Errorf("client sent %d bytes at last; want 34370, the rest", n)
			}
			p.answer()
			p.data(false, 0, 0, 0, 0, 0)
			p.headers(1, true, ok...)
		},
		use: func(t *testing.T, c *grpcwire.Conn) error {
			_, err := c.Invoke(t.Context(), "/a/b", make([]byte, 100000))
			return err
		},
	}.run(t)
}

func TestSendHoldsLittleForAPeerThatDoesNotRead(t *testing.T) {
	attack{
		within: time.Minute, code: grpcwire.DeadlineExceeded, text: "deadline",
		cfg:  grpcwire.Config{PingInterval: time.Hour},
		peer: func(p *peer) { p.deaf = true },
		script: func(p *peer) {
			_ = p.WriteWindowUpdate(0, math.MaxInt32-65535)
		},
		use: func(t *testing.T, c *grpcwire.Conn) error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			s, err := c.Open(ctx, "/a/b")
			message := make([]byte, 100000)
			for err == nil {
				err = s.Send(ctx, message)
			}
			return err
		},
		first: []http2.Setting{{ID: http2.SettingInitialWindowSize, Val: math.MaxInt32}},
	}.run(t)
}

func TestPeersLimitOnHeaderListsIsKept(t *testing.T) {
	attack{
		code: grpcwire.ResourceExhausted, text: "over the limit",
		script: func(*peer) {}, first: []http2.Setting{{ID: http2.SettingMaxHeaderListSize, Val: 100}},
	}.run(t)
}

// A peer without a header table must be able to read every request.
func TestPeersHeaderTableSizeIsKept(t *testing.T) {
	attack{
		first: []http2.Setting{{ID: http2.SettingHeaderTableSize, Val: 0}},
		peer: func(p *peer) {
			d := hpack.NewDecoder(0, nil)
			p.onBlock = func(b []byte) {
				if _, err := d.DecodeFull(b); err != nil {
					t.Errorf("decoding a request without a table: %v", err)
				}
			}
		},
		script: func(p *peer) {
			for id := range p.requests {
				p.headers(id, true, ":status", "200", "content-type", "application/grpc", "grpc-status", "0")
			}
		},
		use: func(t *testing.T, c *grpcwire.Conn) error {
			for range 3 {
				s, err := c.Open(t.Context(), "/a/b", grpcwire.Header{Name: "a", Value: "b"})
				if err != nil {
					return err
				}
				if _, err := s.Recv(t.Context()); grpcwire.Code(err) != grpcwire.OK {
					return err
				}
			}
			return nil
		},
	}.run(t)
}

func TestAnEarlyEndIsAnsweredWithReset(t *testing.T) {
	seen := false
	attack{
		code: 7, within: 5 * time.Minute, peer: func(p *peer) { p.pong = true },
		script: greeted(func(p *peer) {
			p.headers(1, true, ":status", "200", "content-type", "application/grpc", "grpc-status", "7")
			for h := range p.frames {
				if h.Type == http2.FrameRSTStream && h.StreamID == 1 {
					seen = true
					return
				}
			}
		}),
		use: func(t *testing.T, c *grpcwire.Conn) error {
			s, err := c.Open(t.Context(), "/a/b")
			if err != nil {
				return err
			}
			_, err = s.Recv(t.Context())
			return err
		},
	}.run(t)
	if !seen {
		t.Error("no RST_STREAM came; the peer would keep the call's half open")
	}
}
