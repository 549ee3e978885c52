package grpcwire_test

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"

	"github.com/osiriscare/osiris/agent/internal/grpcwire"
)

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
		{
			name: "answers PING but never the call", code: grpcwire.DeadlineExceeded, text: "deadline", within: time.Hour, peer: func(p *peer) { p.pong = true }, script: greeted(func(*peer) {}),
			use: func(t *testing.T, c *grpcwire.Conn) error {
				ctx, cancel := contextFor(t, time.Hour)
				defer cancel()
				_, err := c.Invoke(ctx, "/a/b", nil)
				return err
			},
		},
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
