package release

import "encoding/binary"

// The messages are decoded here by hand: the generated code would be 230 KB in
// the agent (agent/README.md), and a method for each message 4 KB. What is signed
// is never encoded again. Source: protobuf.dev, encoding (read 2026-11-22).

// field is one field of a message: a number, or bytes and their count.
type field struct {
	num     uint64
	value   uint64
	content []byte // nil if it is a number
}

// next takes the first field of b and gives the rest; a field number of 0 means
// that b is malformed.
func next(b []byte) (f field, rest []byte) {
	tag, n := binary.Uvarint(b)
	if n <= 0 || tag >= 1<<32 {
		return field{}, nil
	}
	b = b[n:]
	if f.value, n = binary.Uvarint(b); n <= 0 {
		return field{}, nil
	}
	b = b[n:]
	switch tag & 7 {
	case 0:
	case 2:
		if f.value > uint64(len(b)) {
			return field{}, nil
		}
		f.content, b = b[:f.value:f.value], b[f.value:]
	default:
		return field{}, nil // no release message has such fields
	}
	f.num = tag >> 3
	return f, b
}

// appendBytes appends a field of bytes.
func appendBytes(b []byte, num uint64, value []byte) []byte {
	b = binary.AppendUvarint(b, num<<3|2)
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(b, value...)
}
