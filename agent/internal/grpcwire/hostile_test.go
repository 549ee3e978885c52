package grpcwire_test

import (
	"io"
	"math"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/osiriscare/osiris/agent/internal/grpcwire"
)

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
		{name: "oversize frame header only", conn: "frame of 16777215 bytes", script: greeted(func(p *peer) { _, _ = p.Write([]byte{255, 255, 255, 0, 0, 0, 0, 0, 1}) })},
		{name: "closes inside a frame header", conn: "unexpected EOF", script: settled(func(p *peer) { _, _ = p.Write([]byte{0, 0}); _ = p.Close() })},
		{name: "closes inside a frame", conn: "unexpected EOF", script: settled(func(p *peer) { _, _ = p.Write([]byte{0, 0, 9, 0, 0, 0, 0, 0, 1, 7}); _ = p.Close() })},
		{name: "closes before a frame's body", conn: "unexpected EOF", script: settled(func(p *peer) { _, _ = p.Write([]byte{0, 0, 9, 0, 0, 0, 0, 0, 1}); _ = p.Close() })},
		{name: "drips a frame byte by byte", conn: "peer is silent", within: 45 * time.Second, script: greeted(func(p *peer) {
			_, _ = p.Write([]byte{0, 16, 0, 0, 0, 0, 0, 0, 1})
			p.flood(func() error { time.Sleep(5 * time.Second); _, err := p.Write([]byte{1}); return err })
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
		{
			name: "PING without reading the answers", conn: "sends without reading", peer: func(p *peer) { p.deaf = true }, cfg: grpcwire.Config{ControlBurst: 1 << 20}, within: 2 * time.Second,
			use: func(t *testing.T, c *grpcwire.Conn) error {
				<-c.Done()
				_, err := c.Open(t.Context(), "/a/b")
				return err
			},
			script: func(p *peer) {
				_ = p.WriteSettings()
				p.flood(func() error { return p.WritePing(false, [8]byte{}) })
			},
		},
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
