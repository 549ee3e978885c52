package release

import (
	"crypto/ed25519"
	"encoding/binary"
)

// The messages are decoded here by hand: the generated code would be 230 KB in
// the agent (agent/README.md). A test compares both. What is signed is never
// encoded again. Source: protobuf.dev, encoding (read 2026-11-22).

// field is one field of a message: a number or bytes.
type field struct {
	num     uint64
	value   uint64
	content []byte // nil if it is a number
}

// message takes its fields one by one; false means that one is malformed.
type message interface{ take(f *field) bool }

// decode shows every field of b to m. Slices share memory with b.
func decode(b []byte, m message) bool {
	for len(b) > 0 {
		var f field
		tag, n := binary.Uvarint(b)
		f.num = tag >> 3
		if n <= 0 || f.num == 0 || f.num >= 1<<29 {
			return false
		}
		b = b[n:]
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return false
		}
		b = b[n:]
		switch tag & 7 {
		case 0:
			f.value = v
		case 2:
			if v > uint64(len(b)) {
				return false
			}
			f.content, b = b[:v:v], b[v:]
		default:
			return false // no release message has such fields
		}
		if !m.take(&f) {
			return false
		}
	}
	return true
}

// bytes tells whether a field is of bytes and gives them.
func (f *field) bytes(to *[]byte) bool {
	*to = f.content
	return f.content != nil
}

// text is the same for strings.
func (f *field) text(to *string) bool {
	*to = string(f.content)
	return f.content != nil
}

// number tells whether a field is a number and gives it.
func (f *field) number(to *uint64) bool {
	*to = f.value
	return f.content == nil
}

// appendBytes appends a field of bytes.
func appendBytes(b []byte, num uint64, value []byte) []byte {
	b = binary.AppendUvarint(b, num<<3|2)
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(b, value...)
}

// bundle is a trust.v1.ReleaseBundle; its documents stay encoded.
type bundle struct {
	roots [][]byte
	of    [roles][]byte // by role, Timestamp and on
}

func (b *bundle) take(f *field) bool {
	var raw []byte
	if f.num >= uint64(roles) {
		return true
	}
	if !f.bytes(&raw) {
		return false
	}
	if f.num == uint64(Root) {
		b.roots = append(b.roots, raw)
	} else {
		b.of[f.num] = raw
	}
	return true
}

// signedRelease is a trust.v1.SignedRelease.
type signedRelease document

func (d *signedRelease) take(f *field) bool {
	switch f.num {
	case 1:
		return f.bytes(&d.payload)
	case 2:
		var s signature
		if f.content == nil || !decode(f.content, &s) {
			return false
		}
		d.signatures = append(d.signatures, s)
	}
	return true
}

func (s *signature) take(f *field) bool {
	switch f.num {
	case 1:
		return f.bytes(&s.keyID)
	case 2:
		return f.bytes(&s.value)
	}
	return true
}

// metadata is a trust.v1.ReleaseMetadata.
type metadata document

func (d *metadata) take(f *field) bool {
	var v uint64
	ok := true
	switch f.num {
	case 1:
		ok = f.number(&v)
		d.role = Role(v)
	case 2:
		ok = f.number(&d.version)
	case 3:
		ok = f.number(&v)
		d.expiresMs = int64(v)
	case 4:
		r := roleKeys{keys: &Keys{}}
		if f.content == nil || !decode(f.content, &r) || r.role == 0 || r.role >= roles || d.keys[r.role] != nil {
			return false
		}
		d.keys[r.role] = r.keys
	case 5:
		file := &File{}
		ok = f.content != nil && decode(f.content, file)
		d.files = append(d.files, file)
	}
	return ok
}

// roleKeys is a trust.v1.ReleaseKeys.
type roleKeys struct {
	role Role
	keys *Keys
}

func (r *roleKeys) take(f *field) bool {
	var v uint64
	ok := true
	switch f.num {
	case 1:
		ok = f.number(&v)
		r.role = Role(v)
	case 2:
		ok = f.number(&v)
		r.keys.Threshold = int(min(v, 1<<10))
	case 3:
		var key []byte
		ok = f.bytes(&key)
		r.keys.Public = append(r.keys.Public, ed25519.PublicKey(key))
	}
	return ok
}

func (file *File) take(f *field) bool {
	var v uint64
	switch f.num {
	case 1:
		return f.text(&file.Path)
	case 2:
		return f.number(&file.Version)
	case 3:
		return f.number(&file.Length)
	case 4:
		return f.bytes(&file.SHA256)
	case 5:
		return f.text(&file.OS)
	case 6:
		return f.text(&file.Arch)
	case 7:
		return f.text(&file.Release)
	case 8:
		ok := f.number(&v)
		file.Built = int64(v)
		return ok
	}
	return true
}
