package signed

import (
	"crypto/ed25519"
	"errors"
)

// ErrWeakKey means that a public key has an encoding or an order under which a
// signature shows nothing.
var ErrWeakKey = errors.New("public key is weak: of small order or not in its canonical form")

// smallOrder is the y coordinates (32 bytes, little endian, sign bit clear) of
// the eight points of small order: 0, 1, -1 and the two of order eight. For each
// of them there are signatures that verify for every message.
// Source: Chalkias, Garillot, Nikolaenko: Taming the many EdDSAs, 2020, table 1.
const smallOrder = "" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f" +
	"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05" +
	"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a"

// ValidKey refuses a public key that crypto/ed25519 accepts and should not: one
// whose y is not below 2^255-19, which gives one key two names, and one of
// small order, under which a signature made without any private key verifies.
// Whether y is on the curve at all is left to ed25519.Verify. A wrong length is
// ErrMalformed, all else ErrWeakKey.
func ValidKey(pub ed25519.PublicKey) error {
	if len(pub) != ed25519.PublicKeySize {
		return ErrMalformed
	}
	y := [ed25519.PublicKeySize]byte(pub)
	y[31] &= 0x7f // the sign of x, which says nothing of order or form
	full := y[31] == 0x7f
	for _, b := range y[1:31] {
		full = full && b == 0xff
	}
	if full && y[0] >= 0xed {
		return ErrWeakKey
	}
	for i := 0; i < len(smallOrder); i += len(y) {
		if smallOrder[i:i+len(y)] == string(y[:]) {
			return ErrWeakKey
		}
	}
	return nil
}
