package grpcwire_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
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
		var wg sync.WaitGroup
		c, err := grpcwire.NewConn(t.Context(), start(t, &wg, p, a.script), a.cfg)
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

func TestHostileConnection(t *testing.T) {
	head := []string{":status", "200", "content-type", "application/grpc"}
	for _, a := range []attack{
		{name: "first frame is PING", conn: "not SETTINGS", script: func(p *peer) { _ = p.WritePing(false, [8]byte{}) }},
		{name: "first frame is HEADERS", conn: "not SETTINGS", script: func(p *peer) { p.headers(1, true, head...) }},
		{name: "first frame acknowledges SETTINGS", conn: "not SETTINGS", script: func(p *peer) { _ = p.WriteSettingsAck() }},
		{name: "SETTINGS acknowledgement has a body", conn: "acknowledgement of 6", script: greeted(func(p *peer) { p.raw(4, 1, 0, 0, 0, 0, 0, 0, 0) })},
		{name: "SETTINGS acknowledged twice", conn: "acknowledged twice", script: greeted(func(p *peer) { _ = p.WriteSettingsAck() })},
		{name: "SETTINGS of odd length", conn: "SETTINGS of 5", script: func(p *peer) { p.raw(4, 0, 0, 1, 2, 3, 4, 5) }},
		{name: "SETTINGS on a stream", conn: "frame type 4 on stream 1", script: func(p *peer) { p.raw(4, 0, 1) }},
		{name: "SETTINGS enable push", conn: "ENABLE_PUSH", script: func(p *peer) { _ = p.WriteSettings(http2.Setting{ID: http2.SettingEnablePush, Val: 1}) }},
		{name: "SETTINGS with a tiny frame size", conn: "maximum frame size", script: func(p *peer) { _ = p.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 100}) }},
		{name: "SETTINGS with too large a window", conn: "initial window", script: func(p *peer) { _ = p.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 31}) }},
		{name: "HTTP/1 answer", conn: "HTTP/1", script: func(p *peer) { _, _ = io.WriteString(p.Conn, "HTTP/1.1 400 Bad Request\r\n\r\n") }},
		{name: "closes at once", conn: "reading frame header: EOF", script: func(p *peer) { <-p.frames; <-p.frames; _ = p.Close() }},
		{name: "never speaks", conn: "peer is silent", within: 45 * time.Second, script: func(*peer) {}},
		{name: "never reads nor speaks", conn: "peer is silent", within: 45 * time.Second, peer: func(p *peer) { p.deaf = true }, script: func(*peer) {}},
		{name: "oversize frame", conn: "frame of 16385 bytes", script: greeted(func(p *peer) { p.raw(0, 0, 1, make([]byte, 16385)...) })},
		{name: "oversize frame header only", conn: "frame of 16777215 bytes", script: greeted(func(p *peer) { _, _ = p.Conn.Write([]byte{255, 255, 255, 0, 0, 0, 0, 0, 1}) })},
		{name: "closes inside a frame header", conn: "unexpected EOF", script: settled(func(p *peer) { _, _ = p.Conn.Write([]byte{0, 0}); _ = p.Close() })},
		{name: "closes inside a frame", conn: "unexpected EOF", script: settled(func(p *peer) { _, _ = p.Conn.Write([]byte{0, 0, 9, 0, 0, 0, 0, 0, 1, 7}); _ = p.Close() })},
		{name: "closes before a frame's body", conn: "unexpected EOF", script: settled(func(p *peer) { _, _ = p.Conn.Write([]byte{0, 0, 9, 0, 0, 0, 0, 0, 1}); _ = p.Close() })},
		{name: "drips a frame byte by byte", conn: "peer is silent", within: 45 * time.Second, script: greeted(func(p *peer) {
			_, _ = p.Conn.Write([]byte{0, 16, 0, 0, 0, 0, 0, 0, 1})
			p.flood(func() error { time.Sleep(5 * time.Second); _, err := p.Conn.Write([]byte{1}); return err })
		})},
		{name: "drips frames and never answers PING", conn: "peer is silent", within: 2 * time.Minute, script: answered(func(p *peer) {
			p.flood(func() error { time.Sleep(5 * time.Second); return p.WriteData(1, false, []byte{0}) })
		}), use: open},
		{name: "DATA on stream 0", conn: "stream 0", script: greeted(func(p *peer) { _ = p.WriteData(0, false, []byte{1}) })},
		{name: "DATA on an even stream", conn: "stream 2", script: greeted(func(p *peer) { _ = p.WriteData(2, false, nil) })},
		{name: "HEADERS on an idle stream", conn: "stream 3", script: greeted(func(p *peer) { p.headers(3, true, head...) })},
		{name: "RST_STREAM on an idle stream", conn: "stream 5", script: greeted(func(p *peer) { _ = p.WriteRSTStream(5, 0) })},
		{name: "RST_STREAM on stream 0", conn: "stream 0", script: greeted(func(p *peer) { _ = p.WriteRSTStream(0, 0) })},
		{name: "WINDOW_UPDATE on an idle stream", conn: "stream 7", script: greeted(func(p *peer) { _ = p.WriteWindowUpdate(7, 1) })},
		{name: "PRIORITY on stream 0", conn: "PRIORITY", script: greeted(func(p *peer) { p.raw(2, 0, 0, 0, 0, 0, 0, 0) })},
		{name: "PING of 7 bytes", conn: "frame type 6 of 7", script: greeted(func(p *peer) { p.raw(6, 0, 0, 1, 2, 3, 4, 5, 6, 7) })},
		{name: "PING on a stream", conn: "frame type 6 on stream 1", script: greeted(func(p *peer) { p.raw(6, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8) })},
		{name: "GOAWAY of 7 bytes", conn: "GOAWAY of 7", script: greeted(func(p *peer) { p.raw(7, 0, 0, 1, 2, 3, 4, 5, 6, 7) })},
		{name: "RST_STREAM of 3 bytes", conn: "frame type 3 of 3", script: greeted(func(p *peer) { p.raw(3, 0, 1, 1, 2, 3) })},
		{name: "DATA before HEADERS", conn: "DATA before HEADERS", script: greeted(func(p *peer) { p.data(false, 1) })},
		{name: "DATA after the end", conn: "DATA on closed stream", script: greeted(func(p *peer) { p.headers(1, true, append(head, ok...)...); p.data(false, 1) }), use: afterwards},
		{name: "HEADERS after the end", conn: "HEADERS on closed stream", script: greeted(func(p *peer) { p.headers(1, true, append(head, ok...)...); p.headers(1, true, ok...) }), use: afterwards},
		{name: "padding longer than the frame", conn: "padding", script: answered(func(p *peer) { p.raw(0, 8, 1, 9, 1, 2) })},
		{name: "padded HEADERS without a body", conn: "padding", script: greeted(func(p *peer) { p.raw(1, 8|4, 1) })},
		{name: "HEADERS too short for its priority", conn: "priority", script: greeted(func(p *peer) { p.raw(1, 0x20|4, 1, 1) })},
		{name: "DATA over the stream's window", conn: "over the window of stream 1", use: open, script: answered(func(p *peer) {
			for range 5 {
				p.data(false, make([]byte, 16384)...)
			}
		})},
		{name: "padding over the stream's window", conn: "over the window of stream 1", use: open, script: answered(func(p *peer) {
			p.data(false, make([]byte, 16384)...)
			for range 4 {
				p.data(false, make([]byte, 12289)...)
			}
		})},
		{name: "stream window overflows", conn: "window of stream 1 overflows", script: greeted(func(p *peer) { _ = p.WriteWindowUpdate(1, math.MaxInt32) })},
		{name: "connection window overflows", conn: "window of stream 0 overflows", script: greeted(func(p *peer) { _ = p.WriteWindowUpdate(0, math.MaxInt32) })},
		{name: "WINDOW_UPDATE of 0", conn: "WINDOW_UPDATE of 0", script: greeted(func(p *peer) { p.raw(8, 0, 1, 0, 0, 0, 0) })},
		{name: "SETTINGS overflow an open window", conn: "initial window overflows", use: open, script: greeted(func(p *peer) {
			_ = p.WriteWindowUpdate(1, math.MaxInt32-65535)
			_ = p.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 65536})
		})},
		{name: "PUSH_PROMISE", conn: "PUSH_PROMISE", script: greeted(func(p *peer) { p.raw(5, 4, 1, 0, 0, 0, 2) })},
		{name: "CONTINUATION without HEADERS", conn: "CONTINUATION", script: greeted(func(p *peer) { p.raw(9, 4, 1) })},
		{name: "another frame inside a header block", conn: "inside the header block", script: greeted(func(p *peer) { p.raw(1, 0, 1); _ = p.WritePing(false, [8]byte{}) })},
		{name: "CONTINUATION of another stream", conn: "inside the header block", script: greeted(func(p *peer) { p.raw(1, 0, 1); p.raw(9, 4, 3) })},
		{name: "GOAWAY raises its last stream", conn: "raised", script: greeted(func(p *peer) { _ = p.WriteGoAway(1, 0, nil); _ = p.WriteGoAway(3, 0, nil) })},
		{name: "GOAWAY then silence", conn: "peer is silent", within: 45 * time.Second, script: greeted(func(p *peer) { _ = p.WriteGoAway(1, 0, nil) })},
		{name: "GOAWAY below the call", conn: "GOAWAY", text: `"go"`, script: greeted(func(p *peer) { _ = p.WriteGoAway(0, 0, []byte("go")) })},
		{name: "silence after the request", conn: "peer is silent", within: 45 * time.Second, script: greeted(func(*peer) {})},
	} {
		t.Run(a.name, a.run)
	}
}

func TestHostileFlood(t *testing.T) {
	const calm = "flood of control frames"
	for _, a := range []attack{
		{name: "PING", conn: calm, script: greeted(func(p *peer) { p.flood(func() error { return p.WritePing(false, [8]byte{}) }) })},
		{name: "PING answers", conn: calm, script: greeted(func(p *peer) { p.flood(func() error { return p.WritePing(true, [8]byte{}) }) })},
		{name: "SETTINGS", conn: calm, script: greeted(func(p *peer) { p.flood(func() error { return p.WriteSettings() }) })},
		{name: "SETTINGS that change windows", conn: calm, script: greeted(func(p *peer) {
			v := uint32(0)
			p.flood(func() error { v++; return p.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: v}) })
		})},
		{name: "RST_STREAM", conn: calm, use: open, script: greeted(func(p *peer) { p.flood(func() error { return p.WriteRSTStream(1, 0) }) }), code: grpcwire.Internal, text: "reset the call"},
		{name: "WINDOW_UPDATE", conn: calm, script: greeted(func(p *peer) { p.flood(func() error { return p.WriteWindowUpdate(1, 1) }) })},
		{name: "PRIORITY", conn: calm, script: greeted(func(p *peer) { p.flood(func() error { return p.WriteRawFrame(2, 0, 1, make([]byte, 5)) }) })},
		{name: "GOAWAY", conn: calm, script: greeted(func(p *peer) { p.flood(func() error { return p.WriteGoAway(1, 0, make([]byte, 16000)) }) })},
		{name: "frames of unknown type", conn: calm, script: greeted(func(p *peer) { p.flood(func() error { return p.WriteRawFrame(0x42, 0, 1, make([]byte, 16384)) }) })},
		{name: "empty DATA", conn: "empty DATA", script: answered(func(p *peer) { p.flood(func() error { return p.WriteData(1, false, nil) }) })},
		{name: "informational answers", conn: "informational", script: greeted(func(p *peer) {
			p.flood(func() error {
				return p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: p.encode(":status", "103"), EndHeaders: true})
			})
		})},
		{name: "empty CONTINUATION", conn: "header block over", script: greeted(func(p *peer) {
			p.raw(1, 0, 1)
			p.flood(func() error { return p.WriteContinuation(1, false, nil) })
		})},
		{name: "full CONTINUATION", conn: "header block over", script: greeted(func(p *peer) {
			p.raw(1, 0, 1)
			p.flood(func() error { return p.WriteContinuation(1, false, make([]byte, 16384)) })
		})},
		{name: "PING without reading the answers", conn: "sends without reading", peer: func(p *peer) { p.deaf = true }, cfg: grpcwire.Config{ControlBurst: 1 << 20}, within: 2 * time.Second,
			use: func(t *testing.T, c *grpcwire.Conn) error {
				<-c.Done()
				_, err := c.Open(t.Context(), "/a/b")
				return err
			},
			script: func(p *peer) {
				_ = p.WriteSettings()
				p.flood(func() error { return p.WritePing(false, [8]byte{}) })
			}},
		{name: "DATA on a closed stream", conn: "closed stream 1", use: open, code: grpcwire.Canceled, text: "reset the call", script: greeted(func(p *peer) {
			_ = p.WriteRSTStream(1, http2.ErrCodeCancel)
			p.flood(func() error { return p.WriteData(1, false, make([]byte, 1000)) })
		})},
		{name: "HEADERS on a closed stream", conn: "closed stream 1", use: open, code: grpcwire.Canceled, text: "reset the call", script: greeted(func(p *peer) {
			_ = p.WriteRSTStream(1, http2.ErrCodeCancel)
			p.flood(func() error {
				return p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: p.encode(":status", "200"), EndHeaders: true})
			})
		})},
	} {
		t.Run(a.name, a.run)
	}
}

func TestHostileHeaders(t *testing.T) {
	bomb := append([]byte{0x88, 0x40, 1, 'x', 0x7f, 0xa1, 0x1e}, bytes.Repeat([]byte{'y'}, 4000)...) // one entry of 4 KB ...
	bomb = append(bomb, bytes.Repeat([]byte{0xbe}, 12000)...)                                        // ... named 12,000 times
	fields := func(kv ...string) func(*peer) { return greeted(func(p *peer) { p.headers(1, false, kv...) }) }
	for _, a := range []attack{
		{name: "HPACK bomb", conn: "header list over", script: greeted(func(p *peer) { p.raw(1, 4, 1, bomb...) })},
		{name: "one huge string", conn: "decoding headers", script: greeted(func(p *peer) { p.raw(1, 4, 1, 0x40, 1, 'x', 0x7f, 0xff, 0xff, 0xff, 0xff, 0x07) })},
		{name: "index out of the table", conn: "decoding headers", script: greeted(func(p *peer) { p.raw(1, 4, 1, 0xff, 0xff, 0x7f) })},
		{name: "a block that stops inside a field", conn: "decoding headers", script: greeted(func(p *peer) { p.raw(1, 4, 1, 0x40, 5, 'x') })},
		{name: "a table larger than allowed", conn: "decoding headers", script: greeted(func(p *peer) { p.raw(1, 4, 1, 0x3f, 0xff, 0xff, 0x7f) })},
		{name: "many small fields", conn: "header list over", script: greeted(func(p *peer) { p.raw(1, 4, 1, bytes.Repeat([]byte{0x90}, 5000)...) })},
		{name: "upper-case name", conn: "malformed header", script: fields(":status", "200", "Bad", "x")},
		{name: "empty name", conn: "malformed header", script: fields(":status", "200", "", "x")},
		{name: "line break in a value", conn: "malformed header", script: fields(":status", "200", "a", "x\r\ny")},
		{name: "connection header", conn: "malformed header", script: fields(":status", "200", "connection", "close")},
		{name: "request pseudo header", conn: "malformed header", script: fields(":path", "/")},
		{name: "pseudo header after a field", conn: "malformed header", script: fields("a", "b", ":status", "200")},
		{name: "two statuses", conn: "malformed header", script: fields(":status", "200", ":status", "200")},
		{name: "no status", conn: ":status", script: fields("a", "b")},
		{name: "status of four digits", conn: ":status", script: fields(":status", "2000")},
		{name: "binary value that is not base64", conn: "not base64", script: fields(":status", "200", "a-bin", "***")},
		{name: "informational answer that ends", conn: "informational", script: greeted(func(p *peer) { p.headers(1, true, ":status", "100") })},
		{name: "trailers that do not end", conn: "not trailers", script: answered(func(p *peer) { p.headers(1, false, ok...) })},
		{name: "trailers with a status line", conn: "not trailers", script: answered(func(p *peer) { p.headers(1, true, ":status", "200", "grpc-status", "0") })},
	} {
		t.Run(a.name, a.run)
	}
}

func TestHostileAnswer(t *testing.T) {
	const internal, unknown = grpcwire.Internal, grpcwire.Unknown
	ended := func(b ...byte) func(*peer) {
		return answered(func(p *peer) { p.data(false, b...); p.headers(1, true, ok...) })
	}
	reset := func(code http2.ErrCode) func(*peer) { return greeted(func(p *peer) { _ = p.WriteRSTStream(1, code) }) }
	page := func(code string) func(*peer) {
		return greeted(func(p *peer) {
			p.headers(1, false, ":status", code, "content-type", "text/html")
			p.data(true, []byte("<html>sorry</html>")...)
		})
	}
	for _, a := range []attack{
		{name: "a proper answer", script: ended(0, 0, 0, 0, 1, 7)},
		{name: "a proper answer in padded frames of one byte", script: answered(func(p *peer) {
			for _, b := range []byte{0, 0, 0, 0, 1, 7} {
				_ = p.WriteDataPadded(1, false, []byte{b}, make([]byte, 200))
			}
			p.headers(1, true, ok...)
		})},
		{name: "informational answer first", script: greeted(func(p *peer) {
			p.headers(1, false, ":status", "103", "link", "x")
			p.answer()
			p.data(false, 0, 0, 0, 0, 0)
			p.headers(1, true, ok...)
		})},
		{name: "compressed flag", code: internal, text: "compressed", script: answered(func(p *peer) { p.data(false, 1, 0, 0, 0, 1, 7) })},
		{name: "flag of 255", code: internal, text: "compressed flag 255", script: ended(255, 0, 0, 0, 1, 7)},
		{name: "grpc-encoding we did not accept", code: internal, text: "gzip", script: greeted(func(p *peer) {
			p.headers(1, false, ":status", "200", "content-type", "application/grpc", "grpc-encoding", "gzip")
		})},
		{name: "length over the limit", code: grpcwire.ResourceExhausted, text: "limit 1048576", script: answered(func(p *peer) { p.data(false, 0, 0, 16, 0, 1) })},
		{name: "length of 4 GB", code: grpcwire.ResourceExhausted, text: "4294967295", script: ended(0, 255, 255, 255, 255, 1)},
		{name: "truncated inside the head", code: internal, text: "inside a message", script: ended(0, 0)},
		{name: "truncated inside the message", code: internal, text: "inside a message", script: ended(0, 0, 0, 0, 9, 1)},
		{name: "DATA ends the call", code: internal, text: "without trailers", script: answered(func(p *peer) { p.data(true, 0, 0, 0, 0, 0) })},
		{name: "no message", code: internal, text: "without an answer", script: answered(func(p *peer) { p.headers(1, true, ok...) })},
		{name: "two messages", code: internal, text: "second answer", script: ended(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)},
		{name: "no grpc-status", code: unknown, text: "without grpc-status", script: answered(func(p *peer) { p.headers(1, true, "a", "b") })},
		{name: "grpc-status is not a number", code: unknown, text: "malformed", script: answered(func(p *peer) { p.headers(1, true, "grpc-status", "-1") })},
		{name: "trailers only", code: 7, text: "no: 100% 'é'", script: greeted(func(p *peer) {
			p.headers(1, true, ":status", "200", "content-type", "application/grpc", "grpc-status", "7", "grpc-message", "no%3A 100% '%C3%A9'")
		})},
		{name: "HTTP 503 page", code: grpcwire.Unavailable, text: `"503" with content type "text/html"`, script: page("503")},
		{name: "HTTP 404 page", code: grpcwire.Unimplemented, text: "404", script: page("404")},
		{name: "HTTP 401 page", code: grpcwire.Unauthenticated, text: "401", script: page("401")},
		{name: "HTTP 200 page", code: unknown, text: "text/html", script: page("200")},
		{name: "HTTP 502 without a body", code: grpcwire.Unavailable, text: "502", script: greeted(func(p *peer) { p.headers(1, true, ":status", "502") })},
		{name: "RST_STREAM REFUSED_STREAM", code: grpcwire.Unavailable, text: "code 7", script: reset(http2.ErrCodeRefusedStream)},
		{name: "RST_STREAM CANCEL", code: grpcwire.Canceled, text: "code 8", script: reset(http2.ErrCodeCancel)},
		{name: "RST_STREAM ENHANCE_YOUR_CALM", code: grpcwire.ResourceExhausted, text: "code 11", script: reset(http2.ErrCodeEnhanceYourCalm)},
		{name: "RST_STREAM INADEQUATE_SECURITY", code: grpcwire.PermissionDenied, text: "code 12", script: reset(http2.ErrCodeInadequateSecurity)},
		{name: "RST_STREAM NO_ERROR without an answer", code: internal, text: "code 0", script: reset(http2.ErrCodeNo)},
		{name: "answers PING but never the call", code: grpcwire.DeadlineExceeded, text: "deadline", within: time.Hour, peer: func(p *peer) { p.pong = true }, script: greeted(func(*peer) {}),
			use: func(t *testing.T, c *grpcwire.Conn) error {
				ctx, cancel := contextFor(t, time.Hour)
				defer cancel()
				_, err := c.Invoke(ctx, "/a/b", nil)
				return err
			}},
	} {
		t.Run(a.name, a.run)
	}
}

func TestMessagesBeforeABadEndAreDelivered(t *testing.T) {
	attack{
		script: answered(func(p *peer) { p.data(false, 0, 0, 0, 0, 1, 'a'); p.headers(1, true, "grpc-status", "9") }), code: 9,
		use: func(t *testing.T, c *grpcwire.Conn) error {
			s, err := c.Open(t.Context(), "/a/b")
			if err != nil {
				return err
			}
			synctest.Wait()
			if m, err := s.Recv(t.Context()); err != nil || string(m) != "a" {
				t.Errorf("Recv = %q, %v; want \"a\", nil", m, err)
			}
			if err := s.Send(t.Context(), nil); grpcwire.Code(err) != 9 {
				t.Errorf("Send after the end = %v; want status 9", err)
			}
			_, err = s.Recv(t.Context())
			return err
		},
	}.run(t)
}

// A peer may shrink its window below what is in flight (RFC 9113, 6.9.2): the
// account goes negative and Send waits until it is positive again.
func TestNegativeWindowStallsSendUntilItIsPaidBack(t *testing.T) {
	attack{
		within: time.Minute,
		script: func(p *peer) {
			p.greet(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 20000})
			for got := uint32(0); got < 20000; { // the client has used the window up
				if h := <-p.frames; h.Type == http2.FrameData {
					got += h.Length
				}
			}
			_ = p.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 5000}) // now -15,000
			_ = p.WriteWindowUpdate(1, 15000)                                                 // now 0
			time.Sleep(time.Minute / 2)
			for len(p.frames) > 0 {
				if h := <-p.frames; h.Type == http2.FrameData {
					return // an answer would hide it; without one the call fails
				}
			}
			_ = p.WriteWindowUpdate(1, 10005)
			for {
				if h, alive := <-p.frames; !alive || h.Type == http2.FrameData && h.Flags.Has(http2.FlagDataEndStream) {
					break
				}
			}
			p.answer()
			p.data(false, 0, 0, 0, 0, 0)
			p.headers(1, true, ok...)
		},
		peer: func(p *peer) { p.pong = true },
		use: func(t *testing.T, c *grpcwire.Conn) error {
			_, err := c.Invoke(t.Context(), "/a/b", make([]byte, 30000))
			return err
		},
	}.run(t)
}

// What the peer had in flight when we cancelled is not held against it, exactly.
func TestFramesThatCrossACancelAreTolerated(t *testing.T) {
	late := func(extra int) func(*peer) {
		return func(p *peer) {
			p.greet()
			for (<-p.frames).Type != http2.FrameRSTStream {
				continue
			}
			p.answer()
			for range 4 {
				p.data(false, make([]byte, 16384)...)
			}
			p.headers(1, true, ok...)
			if extra > 0 {
				p.data(false, make([]byte, extra)...)
			}
		}
	}
	use := func(t *testing.T, c *grpcwire.Conn) error {
		s, err := c.Open(t.Context(), "/a/b")
		if err != nil {
			return err
		}
		s.Cancel()
		_, err = s.Recv(t.Context())
		return err
	}
	attack{code: grpcwire.Canceled, text: "by the caller", script: late(0), use: use}.run(t)
	attack{code: grpcwire.Canceled, text: "by the caller", conn: "closed stream", script: late(1), use: use}.run(t)
}

func TestGoAwayErrorSpeaksThePeersWords(t *testing.T) {
	attack{
		conn: "GOAWAY", text: "words", script: greeted(func(p *peer) { _ = p.WriteGoAway(0, 11, append([]byte("words"), make([]byte, 9000)...)) }),
		use: func(t *testing.T, c *grpcwire.Conn) error {
			err := open(t, c)
			g, ok := errors.AsType[*grpcwire.GoAwayError](c.Err())
			if !ok || g.Code != 11 || g.Last != 0 || len(g.Debug) != 256 {
				t.Errorf("Err() = %#v; want code 11, last 0 and 256 bytes", c.Err())
			}
			return err
		},
	}.run(t)
}
