package discover

import (
	"encoding/binary"
	"errors"
)

// Numbers of RFC 1035 and 2782.
const (
	headerBytes = 12
	typeSRV     = 33
	classIN     = 1
	maxName     = 255
	maxJumps    = 16 // compression pointers of one name
)

var errAnswer = errors.New("the answer of DNS makes no sense")

// parse reads the SRV records of a DNS message's answer section.
func parse(m []byte) ([]record, error) {
	if len(m) < headerBytes {
		return nil, errAnswer
	}
	at := headerBytes
	for range binary.BigEndian.Uint16(m[4:]) { // questions
		_, next, ok := name(m, at)
		if at = next + 4; !ok || at > len(m) {
			return nil, errAnswer
		}
	}
	var records []record
	for range binary.BigEndian.Uint16(m[6:]) { // answers
		_, next, ok := name(m, at)
		if !ok || next+10 > len(m) {
			return nil, errAnswer
		}
		kind, class := binary.BigEndian.Uint16(m[next:]), binary.BigEndian.Uint16(m[next+2:])
		data := next + 10
		if at = data + int(binary.BigEndian.Uint16(m[next+8:])); at > len(m) {
			return nil, errAnswer
		}
		if kind != typeSRV || class != classIN { // such as the CNAME before it
			continue
		}
		if at-data < 7 {
			return nil, errAnswer
		}
		host, _, ok := name(m[:at], data+6)
		if !ok {
			return nil, errAnswer
		}
		if host != "" { // "." says: decidedly not here
			records = append(records, record{binary.BigEndian.Uint16(m[data:]), binary.BigEndian.Uint16(m[data+2:]), binary.BigEndian.Uint16(m[data+4:]), host})
		}
	}
	if len(records) == 0 {
		return nil, ErrNone
	}
	return records, nil
}

// name reads a name that begins at an offset, and says where what follows it
// begins.
func name(m []byte, at int) (text string, next int, ok bool) {
	jumps := 0
	for {
		if at >= len(m) || len(text) > maxName {
			return "", 0, false
		}
		n := int(m[at])
		switch {
		case n == 0:
			if jumps == 0 {
				next = at + 1
			}
			return text, next, true
		case n >= 0xc0:
			if at+1 >= len(m) || jumps == maxJumps {
				return "", 0, false
			}
			if jumps == 0 {
				next = at + 2
			}
			jumps++
			at = (n&0x3f)<<8 | int(m[at+1])
		case n >= 0x40 || at+1+n > len(m):
			return "", 0, false
		default:
			label := m[at+1 : at+1+n]
			if !hostLabel(label) {
				return "", 0, false
			}
			if text != "" {
				text += "."
			}
			text += string(label)
			at += 1 + n
		}
	}
}

// hostLabel keeps what is no host name out of logs and dialling.
func hostLabel(label []byte) bool {
	for _, c := range label {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
