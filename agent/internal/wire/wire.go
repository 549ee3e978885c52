// Package wire is the agent's protobuf: the messages of compliance.v1 that an
// agent speaks, and the codec for them and for trust.v1. Each message lists its
// fields once, in Fields, for both directions. The generated lite code is 230 KB
// in the binary for what takes 20 KB here (measured 2026-11-22; DESIGN D20 asks
// for tables). proto/ stays the contract: a test fills every message at random
// with the standard runtime and compares each field both ways.
//
// A message inside a message stays encoded, as bytes, until someone wants it:
// most are passed on unread, and signed ones must never be re-encoded. Unknown
// fields are skipped; what breaks the encoding is ErrMalformed. Source:
// protobuf.dev, encoding (read 2026-11-22).
package wire

import (
	"encoding/binary"
	"errors"
)

// ErrMalformed means bytes that are no such message.
var ErrMalformed = errors.New("malformed message")

// Wire types.
const (
	typeVarint = 0
	type64     = 1
	typeBytes  = 2
	type32     = 5
)

// Message names each of its fields to the codec, by number.
type Message interface{ Fields(c *Codec) }

// Codec encodes all fields it is shown, or decodes the one it holds.
type Codec struct {
	decoding bool
	out      []byte

	num     uint64 // field in hand
	value   uint64 // if it is a number
	content []byte // if it is bytes; else nil
	failed  bool
}

// Encode gives the bytes of a message. Fields come in the order of Fields; what
// is zero is left out.
func Encode(m Message) []byte {
	c := &Codec{}
	m.Fields(c)
	return c.out
}

// Decode reads b into m, which should be new. Nothing in m shares memory with b.
func Decode(b []byte, m Message) error {
	c := &Codec{decoding: true}
	for len(b) > 0 {
		if b = c.next(b); c.failed {
			return ErrMalformed
		}
		m.Fields(c)
		if c.failed {
			return ErrMalformed
		}
	}
	return nil
}

// next takes the first field of b in hand and gives the rest.
func (c *Codec) next(b []byte) []byte {
	tag, n := binary.Uvarint(b)
	c.num, c.value, c.content = tag>>3, 0, nil
	if n <= 0 || c.num == 0 || c.num >= 1<<29 {
		c.failed = true
		return nil
	}
	b = b[n:]
	size := uint64(0)
	switch tag & 7 {
	case typeVarint:
		c.value, n = binary.Uvarint(b)
	case typeBytes:
		size, n = binary.Uvarint(b)
	case type64, type32: // only fields we do not know have these
		c.num, n, size = 0, 0, 8
		if tag&7 == type32 {
			size = 4
		}
	default:
		n = -1
	}
	if n < 0 || (n == 0 && c.num != 0) || size > uint64(len(b)-n) {
		c.failed = true
		return nil
	}
	if tag&7 == typeBytes {
		c.content = b[n : n+int(size)]
	}
	return b[n+int(size):]
}

// Uint is a uint64, and what Int, Bool and enums are made of.
func (c *Codec) Uint(num uint64, p *uint64) {
	if !c.decoding {
		c.out = AppendVarint(c.out, num, *p)
	} else if c.num == num {
		*p = c.value
		c.failed = c.failed || c.content != nil
	}
}

// Int is an int64.
func (c *Codec) Int(num uint64, p *int64) {
	u := uint64(*p)
	c.Uint(num, &u)
	*p = int64(u)
}

// Uint32 is a uint32.
func (c *Codec) Uint32(num uint64, p *uint32) {
	u := uint64(*p)
	c.Uint(num, &u)
	*p = uint32(u)
}

// Bool is a bool.
func (c *Codec) Bool(num uint64, p *bool) {
	u := uint64(0)
	if *p {
		u = 1
	}
	c.Uint(num, &u)
	*p = u != 0
}

// Bytes is bytes, or a message that stays encoded. Empty is left out.
func (c *Codec) Bytes(num uint64, p *[]byte) {
	if !c.decoding {
		if len(*p) > 0 {
			c.out = AppendBytes(c.out, num, *p)
		}
	} else if c.num == num {
		*p = c.take()
	}
}

// Sub is a message that stays encoded and is there even when it is empty: nil
// means that it is not.
func (c *Codec) Sub(num uint64, p *[]byte) {
	if !c.decoding && *p != nil {
		c.out = AppendBytes(c.out, num, *p)
		return
	}
	c.Bytes(num, p)
}

// String is a string.
func (c *Codec) String(num uint64, p *string) {
	if !c.decoding {
		b := []byte(*p)
		c.Bytes(num, &b)
	} else if c.num == num {
		*p = string(c.take())
	}
}

// List is repeated bytes, or repeated messages that stay encoded.
func (c *Codec) List(num uint64, p *[][]byte) {
	for _, b := range *p {
		if c.decoding {
			break
		}
		c.out = AppendBytes(c.out, num, b)
	}
	if c.decoding && c.num == num {
		*p = append(*p, c.take())
	}
}

// Strings is repeated strings.
func (c *Codec) Strings(num uint64, p *[]string) {
	for _, s := range *p {
		if c.decoding {
			break
		}
		c.out = AppendBytes(c.out, num, []byte(s))
	}
	if c.decoding && c.num == num {
		*p = append(*p, string(c.take()))
	}
}

// take copies the bytes in hand; they are never nil.
func (c *Codec) take() []byte {
	c.failed = c.failed || c.content == nil
	return append([]byte{}, c.content...)
}

// AppendBytes appends a field of bytes, also when it is empty.
func AppendBytes(b []byte, num uint64, value []byte) []byte {
	b = binary.AppendUvarint(b, num<<3|typeBytes)
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(b, value...)
}

// AppendVarint appends a number unless it is zero.
func AppendVarint(b []byte, num, value uint64) []byte {
	if value == 0 {
		return b
	}
	return binary.AppendUvarint(binary.AppendUvarint(b, num<<3|typeVarint), value)
}
