// Package sealed is the body of an HTTP message whose SOAP is encrypted with
// the session's keys: multipart/encrypted as MS-WSMV 2.2.9.1 has it, which no
// MIME library reads, because the parts' headers are indented and the binary
// part ends where its length says.
//
// A part is 4 bytes of header length, little endian, the header, which is the
// signature or token of the security mechanism, and the sealed text, which is
// as long as the plain one with every cipher we speak. ErrBody means anything
// else. Reading is strict and linear: it is done before anything is proven.
package sealed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"mime"
	"strconv"
	"strings"
)

// ErrBody means that a body is not what it should be.
var ErrBody = errors.New("malformed sealed body")

const (
	boundary = "Encrypted Boundary"
	// soapType is what is inside.
	soapType = "application/soap+xml;charset=UTF-8"
	// maxHeader is more than any signature (16) or token header (76).
	maxHeader = 1024
	// maxParts is far more than anybody sends.
	maxParts = 64
)

// Protocol names the mechanism to the other side.
type Protocol string

// SPNEGO is for everything under HTTP's Negotiate scheme (MS-WSMV 2.2.9.1).
const SPNEGO Protocol = "application/HTTP-SPNEGO-session-encrypted"

// Part is one sealed piece: Plain is how long it will be when opened.
type Part struct {
	Header, Data []byte
	Plain        int
}

// ContentType is the header of a message made by Encode.
func (p Protocol) ContentType() string {
	return `multipart/encrypted;protocol="` + string(p) + `";boundary="` + boundary + `"`
}

// Encode makes a body of one part.
func (p Protocol) Encode(part Part) []byte {
	var b bytes.Buffer
	b.Grow(len(part.Header) + len(part.Data) + 320)
	fmt.Fprintf(&b, "--%s\r\n\tContent-Type: %s\r\n\tOriginalContent: type=%s;Length=%d\r\n", boundary, p, soapType, part.Plain)
	fmt.Fprintf(&b, "--%s\r\n\tContent-Type: application/octet-stream\r\n", boundary)
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(part.Header))))
	b.Write(part.Header)
	b.Write(part.Data)
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return b.Bytes()
}

// Is tells whether a message claims to be sealed.
func Is(contentType string) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(contentType)), "multipart/encrypted")
}

// Decode reads a body of this protocol.
func (p Protocol) Decode(contentType string, body []byte) ([]Part, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/encrypted" || !strings.EqualFold(params["protocol"], string(p)) || params["boundary"] == "" {
		return nil, fmt.Errorf("%w: content type %.100q", ErrBody, contentType)
	}
	r := reader{rest: body, boundary: params["boundary"]}
	var parts []Part
	for len(parts) < maxParts {
		part, last, err := r.part()
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		if last {
			return parts, nil
		}
	}
	return nil, fmt.Errorf("%w: more than %d parts", ErrBody, maxParts)
}

// reader takes a body apart from its front.
type reader struct {
	rest     []byte
	boundary string
}

// part reads one pair: the description and the sealed text.
func (r *reader) part() (part Part, last bool, err error) {
	if end, ok := r.mark(); !ok || end {
		return part, false, fmt.Errorf("%w: no boundary", ErrBody)
	}
	part.Plain = -1
	for {
		end, ok := r.mark()
		if end {
			return part, false, fmt.Errorf("%w: ends in its description", ErrBody)
		}
		if ok {
			break
		}
		name, value, err := r.field()
		if err != nil {
			return part, false, err
		}
		if strings.EqualFold(name, "OriginalContent") {
			if part.Plain, err = plainLength(value); err != nil {
				return part, false, err
			}
		}
	}
	if _, _, err := r.field(); err != nil {
		return part, false, err
	}
	if part.Header, part.Data, err = r.sealed(part.Plain); err != nil {
		return part, false, err
	}
	return part, r.atEnd(), nil
}

// mark takes a boundary line off, "--B" or "--B--"; some servers put a space
// after the dashes.
func (r *reader) mark() (end, ok bool) {
	after, ok := bytes.CutPrefix(r.rest, []byte("--"))
	if !ok {
		return false, false
	}
	after = bytes.TrimPrefix(after, []byte(" "))
	if after, ok = bytes.CutPrefix(after, []byte(r.boundary)); !ok {
		return false, false
	}
	after, end = bytes.CutPrefix(after, []byte("--"))
	after, ok = bytes.CutPrefix(after, []byte("\r\n"))
	if !ok && (!end || len(after) != 0) {
		return false, false
	}
	r.rest = after
	return end, true
}

// field takes one header line off.
func (r *reader) field() (name, value string, err error) {
	line, _, ok := bytes.Cut(r.rest[:min(len(r.rest), maxHeader)], []byte("\r\n"))
	if !ok {
		return "", "", fmt.Errorf("%w: no end of line", ErrBody)
	}
	r.rest = r.rest[len(line)+2:]
	name, value, ok = strings.Cut(strings.TrimLeft(string(line), "\t "), ":")
	if !ok {
		return "", "", fmt.Errorf("%w: line without a colon", ErrBody)
	}
	return name, strings.TrimSpace(value), nil
}

// sealed takes the binary off, whose length the description told.
func (r *reader) sealed(plain int) (header, data []byte, err error) {
	if len(r.rest) < 4 {
		return nil, nil, fmt.Errorf("%w: no sealed text", ErrBody)
	}
	size := uint64(binary.LittleEndian.Uint32(r.rest))
	if plain < 0 || size > maxHeader || 4+size+uint64(plain) > uint64(len(r.rest)) {
		return nil, nil, fmt.Errorf("%w: header of %d and text of %d bytes in %d", ErrBody, size, plain, len(r.rest))
	}
	header, data = r.rest[4:4+size], r.rest[4+size:4+size+uint64(plain)]
	r.rest = r.rest[4+size+uint64(plain):]
	return header, data, nil
}

// atEnd takes the closing boundary off, if it is there.
func (r *reader) atEnd() bool {
	before := r.rest
	end, ok := r.mark()
	if ok && end && len(r.rest) == 0 {
		return true
	}
	r.rest = before
	return false
}

// plainLength reads "type=...;Length=123".
func plainLength(value string) (int, error) {
	for _, f := range strings.Split(value, ";") {
		if name, n, ok := strings.Cut(strings.TrimSpace(f), "="); ok && strings.EqualFold(name, "Length") {
			length, err := strconv.ParseUint(n, 10, 31)
			if err != nil {
				break
			}
			return int(length), nil
		}
	}
	return 0, fmt.Errorf("%w: no length in %.100q", ErrBody, value)
}
