package ntlm

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf16"
)

// maxMessage is far beyond what a client sends; the token is in an HTTP header.
const maxMessage = 64 << 10

var signature = []byte("NTLMSSP\x00")

// version is Windows Server 2019, 10.0.17763, revision 15 of NTLMSSP.
var version = [8]byte{10, 0, 0x63, 0x45, 0, 0, 0, 15}

// MessageType gives the type of a raw NTLMSSP message, 0 if it is none.
func MessageType(b []byte) int {
	if len(b) < 12 || !bytes.HasPrefix(b, signature) {
		return 0
	}
	switch t := binary.LittleEndian.Uint32(b[8:]); t {
	case 1, 2, 3:
		return int(t)
	}
	return 0
}

func parseNegotiate(b []byte) (flags uint32, err error) {
	if MessageType(b) != 1 || len(b) < 16 || len(b) > maxMessage {
		return 0, fmt.Errorf("NEGOTIATE of %d bytes: %w", len(b), ErrMessage)
	}
	return binary.LittleEndian.Uint32(b[12:]), nil
}

func marshalChallenge(flags uint32, server [8]byte, target string, info []byte) []byte {
	const header = 56
	var name []byte
	if flags&flagTargetDomain != 0 {
		name = encode(flags, target)
	}
	b := make([]byte, header, header+len(name)+len(info))
	copy(b, signature)
	binary.LittleEndian.PutUint32(b[8:], 2)
	putField(b[12:], len(name), header)
	binary.LittleEndian.PutUint32(b[20:], flags)
	copy(b[24:], server[:])
	putField(b[40:], len(info), header+len(name))
	copy(b[48:], version[:])
	b = append(b, name...)
	return append(b, info...)
}

func putField(b []byte, n, offset int) {
	binary.LittleEndian.PutUint16(b, uint16(n))
	binary.LittleEndian.PutUint16(b[2:], uint16(n))
	binary.LittleEndian.PutUint32(b[4:], uint32(offset))
}

// authenticate is an AUTHENTICATE message, [MS-NLMP] 2.2.1.3.
type authenticate struct {
	raw         []byte
	flags       uint32
	ntResponse  []byte
	domain      string
	user        string
	workstation string
	sessionKey  []byte
	mic         [16]byte
	hasMIC      bool
}

func parseAuthenticate(b []byte) (*authenticate, error) {
	const header = 64
	if MessageType(b) != 3 || len(b) < header || len(b) > maxMessage {
		return nil, fmt.Errorf("AUTHENTICATE of %d bytes: %w", len(b), ErrMessage)
	}
	m := &authenticate{raw: b, flags: binary.LittleEndian.Uint32(b[60:])}
	first := len(b)
	var fields [6][]byte
	for i := range fields {
		n := int(binary.LittleEndian.Uint16(b[12+8*i:]))
		at := int(binary.LittleEndian.Uint32(b[12+8*i+4:]))
		if n == 0 {
			continue
		}
		if at < header || at > len(b) || n > len(b)-at {
			return nil, fmt.Errorf("field %d of AUTHENTICATE out of bounds: %w", i, ErrMessage)
		}
		fields[i] = b[at : at+n]
		first = min(first, at)
	}
	m.ntResponse = fields[1]
	m.domain, m.user = decode(m.flags, fields[2]), decode(m.flags, fields[3])
	m.workstation, m.sessionKey = decode(m.flags, fields[4]), fields[5]
	// Old clients have neither version nor MIC: the payload begins earlier.
	if first >= 88 {
		m.hasMIC = true
		copy(m.mic[:], b[72:88])
	}
	return m, nil
}

func (m *authenticate) withoutMIC() []byte {
	b := bytes.Clone(m.raw)
	clear(b[72:88])
	return b
}

// encode writes the letters that the flags agree on; pywinrm's library asks for
// OEM (ntlm-auth 1.5, seen 2026-11-22).
func encode(flags uint32, s string) []byte {
	if flags&flagUnicode != 0 {
		return utf16LE(s)
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			r = '?'
		}
		b = append(b, byte(r))
	}
	return b
}

func decode(flags uint32, b []byte) string {
	if flags&flagUnicode != 0 {
		return fromUTF16LE(b)
	}
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}

func utf16LE(s string) []byte {
	u := utf16.Encode([]rune(s))
	b := make([]byte, 2*len(u))
	for i, c := range u {
		binary.LittleEndian.PutUint16(b[2*i:], c)
	}
	return b
}

func fromUTF16LE(b []byte) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(u))
}
