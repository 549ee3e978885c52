package grpcwire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2/hpack"
)

func block(kv ...string) []byte {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for i := 0; i < len(kv); i += 2 {
		_ = e.WriteField(hpack.HeaderField{Name: kv[i], Value: kv[i+1]})
	}
	return b.Bytes()
}

func frameBytes(kind, flags byte, stream uint32, body ...byte) []byte {
	return append(appendHead(nil, len(body), kind, flags, stream), body...)
}

// conversations are what a server may send after SETTINGS, good and bad.
func conversations() [][]byte {
	open := block(":status", "200", "content-type", "application/grpc")
	trailer := block("grpc-status", "0", "grpc-message", "%41%zz", "x-bin", "AQI")
	head := frameBytes(frameHeaders, flagEndHeaders, 1, open...)
	end := frameBytes(frameHeaders, flagEndHeaders|flagEndStream, 1, trailer...)
	message := frameBytes(frameData, 0, 1, 0, 0, 0, 0, 3, 'a', 'b', 'c')
	join := func(p ...[]byte) []byte { return bytes.Join(p, nil) }
	return [][]byte{
		join(head, message, end),
		join(head, frameBytes(frameData, flagPadded, 1, 2, 0, 0, 0, 0, 0, 9, 9), end),
		join(frameBytes(frameHeaders, 0, 1, open[:1]...), frameBytes(frameContinuation, flagEndHeaders, 1, open[1:]...), end),
		join(frameBytes(frameHeaders, flagPadded|flagPriority|flagEndHeaders, 3, append([]byte{0, 0, 0, 0, 0, 0}, open...)...), message),
		appendSettings(nil, &Config{Window: 10, MaxHeaderList: 20}),
		join(frameBytes(frameSettings, flagAck, 0), appendPing(nil, 0, 7), appendPing(nil, flagAck, 1), appendWindowUpdate(nil, 0, 100), appendWindowUpdate(nil, 1, maxWindow)),
		join(appendReset(nil, 1, codeCancel), message, appendGoAway(nil, codeCalm)),
		join(appendGoAway(nil, 0), frameBytes(framePushPromise, flagEndHeaders, 1, 0, 0, 0, 2)),
		join(head, frameBytes(frameData, flagEndStream, 1, 1, 255, 255, 255, 255)),
		bytes.Repeat(frameBytes(0x77, 255, 0), 2000),
		[]byte("HTTP/1.1 400 Bad Request\r\n\r\n"),
		{0, 64, 1, 0, 0},
	}
}

func FuzzFrame(f *testing.F) {
	for _, c := range conversations() {
		f.Add(c)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &frameReader{src: bytes.NewReader(b)}
		for left := len(b); ; {
			fr, err := r.next()
			if err != nil {
				return
			}
			if left -= frameHead + len(fr.body); left < 0 || len(fr.body) > maxFrame || fr.stream>>31 != 0 {
				t.Fatalf("next() = frame of %d bytes on stream %d with %d bytes left", len(fr.body), fr.stream, left)
			}
			if fr.kind == frameData {
				before := len(fr.body)
				if err := fr.unpad(); err == nil && len(fr.body) > before {
					t.Fatalf("unpad() grew the body from %d to %d", before, len(fr.body))
				}
			}
			if fr.kind == frameHeaders {
				blk, err := r.headerBlock(&fr, 1000)
				if err != nil {
					return
				}
				if len(blk) > 1000 {
					t.Fatalf("headerBlock() = %d bytes; want at most 1000", len(blk))
				}
				left = len(b)
			}
		}
	})
}

func FuzzHeaderBlock(f *testing.F) {
	f.Add(block(":status", "200", "content-type", "application/grpc"), block("grpc-status", "5", "grpc-message", "a%20b"))
	f.Add(block("a-bin", "AQI=", "b", "c"), []byte{0x3f, 0xe1, 0x1f, 0xbe, 0xbe})
	f.Add([]byte{0x40, 1, 'x', 0x7f, 0xff}, []byte{0x88})
	f.Fuzz(func(t *testing.T, one, two []byte) {
		const limit = 500
		d := newHeaderDecoder(limit)
		for _, b := range [][]byte{one, two} {
			_, list, err := d.decode(b)
			if err != nil {
				if _, ok := errors.AsType[*ProtocolError](err); !ok {
					t.Fatalf("decode() error = %T; want a ProtocolError", err)
				}
				return
			}
			size := 0
			for _, h := range list {
				size += 32 + len(h.Name) + len(h.Value)
				if !validName(h.Name) || !isBinary(h.Name) && !validValue(h.Value) {
					t.Fatalf("decode() let %q = %q through", h.Name, h.Value)
				}
			}
			if size > limit {
				t.Fatalf("decode() = list of %d; want at most %d", size, limit)
			}
			if err := trailerStatus(list); err == nil {
				t.Fatal("trailerStatus() = nil; want EOF or a Status")
			}
		}
	})
}

func FuzzConn(f *testing.F) {
	for _, c := range conversations() {
		f.Add(c, true)
		f.Add(c, false)
	}
	f.Fuzz(func(t *testing.T, b []byte, greet bool) {
		synctest.Test(t, func(t *testing.T) { converse(t, b, greet) })
	})
}

// converse lets a server say b to a client with two calls open, then hang up.
func converse(t *testing.T, b []byte, greet bool) {
	const limit = 1000
	ours, theirs := net.Pipe()
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = io.Copy(io.Discard, theirs) })
	say := func(b []byte) { _, _ = theirs.Write(b) }
	if greet {
		wg.Go(func() { say(frameBytes(frameSettings, 0, 0)) })
	} else {
		wg.Go(func() { say(b); _ = theirs.Close() })
	}
	began := time.Now()
	c, err := NewConn(t.Context(), ours, Config{MaxReceive: limit, MaxSend: limit})
	if err == nil {
		var streams []*Stream
		for range 2 {
			if s, err := c.Open(t.Context(), "/a/b"); err == nil {
				streams = append(streams, s)
			}
		}
		if greet {
			wg.Go(func() { say(b); _ = theirs.Close() })
		}
		for _, s := range streams {
			wg.Go(func() { drain(t, s, limit) })
			wg.Go(func() { _ = s.Send(context.Background(), make([]byte, limit)) })
		}
		<-c.Done()
		c.mu.Lock()
		if len(c.out) > maxBacklog+maxFrame || len(c.streams) != 0 || c.lateBytes < -maxFrame {
			t.Errorf("at the end %d bytes wait, %d streams, %d late", len(c.out), len(c.streams), c.lateBytes)
		}
		c.mu.Unlock()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	if d := time.Since(began); d > 2*flushTime {
		t.Errorf("it took %v of the bubble's time", d)
	}
}

func drain(t *testing.T, s *Stream, limit int) {
	for {
		m, err := s.Recv(context.Background())
		if err != nil {
			if st, ok := errors.AsType[*Status](err); !errors.Is(err, io.EOF) && (!ok || st.Code == OK) {
				t.Errorf("Recv() error = %T %v; want EOF or a Status that is not OK", err, err)
			}
			return
		}
		s.c.mu.Lock()
		held := len(s.in)
		s.c.mu.Unlock()
		if len(m) > limit || held > s.c.cfg.Window {
			t.Errorf("message of %d bytes and %d held; want at most %d and %d", len(m), held, limit, s.c.cfg.Window)
		}
	}
}
