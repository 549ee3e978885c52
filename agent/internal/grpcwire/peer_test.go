package grpcwire_test

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// peer is a server that does exactly what a script says, well-formed or not. It
// reads and drops what the client sends, unless deaf.
type peer struct {
	net.Conn
	*http2.Framer
	requests chan uint32 // the calls the client opened
	frames   chan http2.FrameHeader
	enc      *hpack.Encoder
	block    bytes.Buffer
	deaf     bool // stop reading after the preface
	pong     bool // answer PINGs
	onBlock  func([]byte)
}

// start runs script as the server behind the returned connection. Everything
// ends when the client closes.
func start(t *testing.T, wg *sync.WaitGroup, p *peer, script func(*peer)) net.Conn {
	t.Helper()
	ours, theirs := net.Pipe()
	p.Conn = theirs
	p.Framer = http2.NewFramer(theirs, theirs)
	p.AllowIllegalWrites, p.AllowIllegalReads = true, true
	p.requests = make(chan uint32, 1000)
	p.frames = make(chan http2.FrameHeader, 10000)
	p.enc = hpack.NewEncoder(&p.block)
	began := make(chan struct{})
	wg.Go(func() {
		if _, err := io.ReadFull(theirs, make([]byte, len(http2.ClientPreface))); err != nil {
			t.Errorf("reading the preface: %v", err)
		}
		close(began)
		for !p.deaf {
			f, err := p.ReadFrame()
			if err != nil {
				close(p.requests)
				close(p.frames)
				return
			}
			h := f.Header()
			p.frames <- h
			if hf, ok := f.(*http2.HeadersFrame); ok {
				if p.onBlock != nil {
					p.onBlock(hf.HeaderBlockFragment())
				}
				p.requests <- h.StreamID
			}
			if pf, ok := f.(*http2.PingFrame); ok && p.pong && !pf.IsAck() {
				// Raw, because the script may be using the Framer.
				_, _ = theirs.Write(append([]byte{0, 0, 8, 6, 1, 0, 0, 0, 0}, pf.Data[:]...))
			}
		}
	})
	wg.Go(func() {
		<-began
		script(p)
	})
	return ours
}

// greet does the settings exchange and waits for the first call.
func (p *peer) greet(settings ...http2.Setting) {
	_ = p.WriteSettings(settings...)
	_ = p.WriteSettingsAck()
	<-p.requests
}

// headers writes a header block of names and values.
func (p *peer) headers(id uint32, end bool, kv ...string) {
	_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: p.encode(kv...), EndStream: end, EndHeaders: true})
}

func (p *peer) encode(kv ...string) []byte {
	p.block.Reset()
	for i := 0; i < len(kv); i += 2 {
		_ = p.enc.WriteField(hpack.HeaderField{Name: kv[i], Value: kv[i+1]})
	}
	return p.block.Bytes()
}

// answer begins a proper gRPC answer to call 1.
func (p *peer) answer() {
	p.headers(1, false, ":status", "200", "content-type", "application/grpc")
}

// data writes DATA on call 1.
func (p *peer) data(end bool, b ...byte) { _ = p.WriteData(1, end, b) }

// raw writes a frame of any shape.
func (p *peer) raw(kind, flags byte, id uint32, body ...byte) {
	_ = p.WriteRawFrame(http2.FrameType(kind), http2.Flags(flags), id, body)
}

// flood repeats f until the client closes, or so often that it must have.
func (p *peer) flood(f func() error) {
	for range 100000 {
		if f() != nil {
			return
		}
	}
}
