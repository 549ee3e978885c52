package site

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/osiriscare/osiris/central/internal/ca"
	"github.com/osiriscare/osiris/central/internal/store"
)

// Keys are the five public keys of a claim with their proofs of possession.
type Keys struct {
	TLS, CA              []byte // P-256, PKIX DER
	Command, Bundle, Log []byte // raw Ed25519
	Proofs               [][]byte
}

// Digest is what each key signs: SHA-256 of "osiris claim v1", NUL, the code,
// NUL and the five keys. ECDSA signs it as the digest, Ed25519 as the message.
func (k Keys) Digest(code string) [sha256.Size]byte {
	return sha256.Sum256(bytes.Join([][]byte{
		[]byte("osiris claim v1\x00" + code + "\x00"), k.TLS, k.CA, k.Command, k.Bundle, k.Log,
	}, nil))
}

// Verify checks shape, difference and possession of every key.
func (k Keys) Verify(code string) error {
	if len(k.Proofs) != 5 {
		return fmt.Errorf("%w: it has %d proofs of possession, not 5", ErrClaim, len(k.Proofs))
	}
	digest := k.Digest(code)
	names := []string{"tls", "ca", "command", "bundle", "log"}
	all := [][]byte{k.TLS, k.CA, k.Command, k.Bundle, k.Log}
	for i, key := range all {
		for _, before := range all[:i] {
			if bytes.Equal(before, key) {
				return fmt.Errorf("%w: the %s key has two roles", ErrClaim, names[i])
			}
		}
		if err := possesses(key, i < 2, digest[:], k.Proofs[i]); err != nil {
			return fmt.Errorf("%w: %s key: %w", ErrClaim, names[i], err)
		}
	}
	return nil
}

func possesses(key []byte, p256 bool, digest, proof []byte) error {
	if p256 {
		pub, err := ca.ParseKey(key)
		if err != nil {
			return err
		}
		if !ecdsa.VerifyASN1(pub, digest, proof) {
			return errProof
		}
		return nil
	}
	if len(key) != ed25519.PublicKeySize {
		return fmt.Errorf("it has %d bytes, not %d", len(key), ed25519.PublicKeySize)
	}
	if !ed25519.Verify(key, digest, proof) {
		return errProof
	}
	return nil
}

var errProof = errors.New("its proof of possession does not verify")

// same reports whether a was claimed with these keys.
func (k Keys) same(a store.Appliance) bool {
	return bytes.Equal(k.TLS, a.TLSKey) && bytes.Equal(k.CA, a.CAKey) && bytes.Equal(k.Command, a.CommandKey) &&
		bytes.Equal(k.Bundle, a.BundleKey) && bytes.Equal(k.Log, a.LogKey)
}
