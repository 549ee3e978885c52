package signed

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
)

// KeyID names an Ed25519 public key: SHA-256 of its raw 32 bytes. Its
// lower-case hexadecimal form is the fingerprint that people compare.
type KeyID [sha256.Size]byte

// IDOf names pub.
func IDOf(pub ed25519.PublicKey) KeyID { return sha256.Sum256(pub) }

// String is the fingerprint, 64 lower-case hexadecimal digits.
func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

// ParseKeyID reads a fingerprint; it takes only the form String gives.
func ParseKeyID(s string) (KeyID, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(KeyID{}) || KeyID(b).String() != s {
		return KeyID{}, errors.New("a fingerprint is 64 lower-case hexadecimal digits")
	}
	return KeyID(b), nil
}
