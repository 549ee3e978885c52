package grpcwire

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Frame types and flags, RFC 9113 section 6.
const (
	frameData         = 0x0
	frameHeaders      = 0x1
	framePriority     = 0x2
	frameReset        = 0x3
	frameSettings     = 0x4
	framePushPromise  = 0x5
	framePing         = 0x6
	frameGoAway       = 0x7
	frameWindowUpdate = 0x8
	frameContinuation = 0x9

	flagEndStream  = 0x1
	flagAck        = 0x1
	flagEndHeaders = 0x4
	flagPadded     = 0x8
	flagPriority   = 0x20

	frameHead = 9
	// maxFrame is the protocol's least and our most, in both directions.
	maxFrame = 16 << 10
	// maxContinuation bounds empty CONTINUATION frames; bytes are bounded apart.
	maxContinuation = 16
)

// frame is one frame; body is valid until the next one is read.
type frame struct {
	kind, flags byte
	stream      uint32
	body        []byte
}

func (f *frame) has(flag byte) bool { return f.flags&flag != 0 }

// unpad removes the padding of a DATA or HEADERS frame.
func (f *frame) unpad() error {
	if !f.has(flagPadded) {
		return nil
	}
	if len(f.body) == 0 || int(f.body[0]) >= len(f.body) {
		return fault(codeProtocol, "padding is longer than the frame")
	}
	f.body = f.body[1 : len(f.body)-int(f.body[0])]
	return nil
}

// fixedSize is the one length a control frame may have, or 0.
func fixedSize(kind byte) int {
	switch kind {
	case framePriority:
		return 5
	case frameReset, frameWindowUpdate:
		return 4
	case framePing:
		return 8
	}
	return 0
}

// frameReader cuts what the peer sends into frames.
type frameReader struct {
	src  io.Reader
	head [frameHead]byte
	body [maxFrame]byte
}

func (r *frameReader) next() (frame, error) {
	if _, err := io.ReadFull(r.src, r.head[:]); err != nil {
		return frame{}, fmt.Errorf("reading frame header: %w", err)
	}
	n := int(r.head[0])<<16 | int(r.head[1])<<8 | int(r.head[2])
	if string(r.head[:5]) == "HTTP/" {
		return frame{}, fault(codeProtocol, "peer answered with HTTP/1")
	}
	if n > maxFrame {
		return frame{}, fault(codeFrameSize, "frame of %d bytes, limit %d", n, maxFrame)
	}
	if _, err := io.ReadFull(r.src, r.body[:n]); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return frame{}, fmt.Errorf("reading frame of %d bytes: %w", n, err)
	}
	return frame{
		kind: r.head[3], flags: r.head[4],
		stream: binary.BigEndian.Uint32(r.head[5:]) &^ (1 << 31), body: r.body[:n],
	}, nil
}

// headerBlock joins a HEADERS frame and its CONTINUATIONs, at most limit bytes.
func (r *frameReader) headerBlock(f *frame, limit int) ([]byte, error) {
	if err := f.unpad(); err != nil {
		return nil, err
	}
	if f.has(flagPriority) {
		if len(f.body) < 5 {
			return nil, fault(codeFrameSize, "HEADERS too short for its priority")
		}
		f.body = f.body[5:]
	}
	if f.has(flagEndHeaders) && len(f.body) <= limit {
		return f.body, nil
	}
	block := append([]byte(nil), f.body...)
	for n := 0; ; n++ {
		if len(block) > limit || n > maxContinuation {
			return nil, fault(codeCalm, "header block over %d bytes or %d frames", limit, maxContinuation)
		}
		if f.has(flagEndHeaders) {
			return block, nil
		}
		id := f.stream
		next, err := r.next()
		if err != nil {
			return nil, err
		}
		f = &next
		if f.kind != frameContinuation || f.stream != id {
			return nil, fault(codeProtocol, "frame type %d on stream %d inside the header block of stream %d", int(f.kind), int(f.stream), int(id))
		}
		block = append(block, f.body...)
	}
}

func appendHead(b []byte, n int, kind, flags byte, stream uint32) []byte {
	b = append(b, byte(n>>16), byte(n>>8), byte(n), kind, flags)
	return binary.BigEndian.AppendUint32(b, stream)
}

func appendWindowUpdate(b []byte, stream, n uint32) []byte {
	return binary.BigEndian.AppendUint32(appendHead(b, 4, frameWindowUpdate, 0, stream), n)
}

func appendReset(b []byte, stream, code uint32) []byte {
	return binary.BigEndian.AppendUint32(appendHead(b, 4, frameReset, 0, stream), code)
}

func appendPing(b []byte, flags byte, id uint64) []byte {
	return binary.BigEndian.AppendUint64(appendHead(b, 8, framePing, flags, 0), id)
}

// appendGoAway names stream 0: the peer starts none.
func appendGoAway(b []byte, code uint32) []byte {
	b = binary.BigEndian.AppendUint32(appendHead(b, 8, frameGoAway, 0, 0), 0)
	return binary.BigEndian.AppendUint32(b, code)
}
