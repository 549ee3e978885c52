package signed_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"strconv"
	"testing"

	"github.com/osiriscare/osiris/shared/signed"
)

// weak is every encoding of a point of small order that crypto/ed25519 decodes
// or is known to have been decoded elsewhere, and two of y beyond the field.
var weak = map[string]string{
	"order 1":                       "0100000000000000000000000000000000000000000000000000000000000000",
	"order 1, sign of zero":         "0100000000000000000000000000000000000000000000000000000000000080",
	"order 1, y beyond the field":   "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"order 1, both":                 "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"order 2":                       "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"order 2, sign of zero":         "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"order 4":                       "0000000000000000000000000000000000000000000000000000000000000000",
	"order 4, other sign":           "0000000000000000000000000000000000000000000000000000000000000080",
	"order 4, y beyond the field":   "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"order 4, both":                 "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"order 8, first":                "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"order 8, first, other sign":    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"order 8, second":               "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"order 8, second, other sign":   "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	"y is three beyond the field":   "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"y is 2^255-1, the last of all": "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
}

func TestAWeakKeyIsRefused(t *testing.T) {
	for name, digits := range weak {
		t.Run(name, func(t *testing.T) {
			pub, err := hex.DecodeString(digits)
			if err != nil {
				t.Fatal(err)
			}
			if err := signed.ValidKey(pub); !errors.Is(err, signed.ErrWeakKey) {
				t.Errorf("ValidKey: %v", err)
			}
		})
	}
}

// A signature that nobody made: R is the identity and S is zero. Under a key of
// small order it verifies for one message in eight or more.
func TestANullSignatureVerifiesUnderNoKey(t *testing.T) {
	null := make([]byte, ed25519.SignatureSize)
	null[0] = 1
	taken := 0
	for name, digits := range weak {
		pub, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 64 {
			payload := []byte("bundle " + strconv.Itoa(i))
			if ed25519.Verify(pub, signed.Message(signed.Bundle, pub, payload), null) {
				taken++
			}
			if err := signed.Verify(signed.Bundle, pub, payload, null); !errors.Is(err, signed.ErrWeakKey) {
				t.Fatalf("%s: Verify: %v", name, err)
			}
		}
	}
	if taken == 0 {
		t.Error("crypto/ed25519 refused all of them: this test shows nothing any more")
	}
}

func TestAnOrdinaryKeyIsValid(t *testing.T) {
	for i := range 256 {
		seed := sha512.Sum512_256([]byte{byte(i)})
		key, err := signed.NewKey(seed[:])
		if err != nil {
			t.Fatal(err)
		}
		if err := signed.ValidKey(key.Public()); err != nil {
			t.Errorf("key %x: %v", key.Public(), err)
		}
	}
	// The greatest y of the field that is not of small order.
	last := append([]byte{0xeb}, bytes.Repeat([]byte{0xff}, 31)...)
	last[31] = 0x7f
	if err := signed.ValidKey(last); err != nil {
		t.Errorf("y = p-2: %v", err)
	}
	if err := signed.ValidKey(last[:31]); !errors.Is(err, signed.ErrMalformed) {
		t.Errorf("31 bytes: %v", err)
	}
}
