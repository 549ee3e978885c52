package site

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/osiriscare/osiris/shared/signed"

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
	for i, name := range []string{"tls", "ca"} {
		pub, err := ca.ParseKey([][]byte{k.TLS, k.CA}[i])
		if err != nil {
			return fmt.Errorf("%w: %s key: %w", ErrClaim, name, err)
		}
		if !ecdsa.VerifyASN1(pub, digest[:], k.Proofs[i]) {
			return fmt.Errorf("%w: %s key: %w", ErrClaim, name, errProof)
		}
	}
	if bytes.Equal(k.TLS, k.CA) {
		return fmt.Errorf("%w: the tls and the ca key are one", ErrClaim)
	}
	raw := [][]byte{k.Command, k.Bundle, k.Log}
	for i, name := range []string{"command", "bundle", "log"} {
		// A weak key's proof says nothing: one signature fits every message.
		if err := signed.ValidKey(raw[i]); err != nil {
			return fmt.Errorf("%w: %s key: %w", ErrClaim, name, err)
		}
		switch {
		case bytes.Equal(raw[i], raw[(i+1)%3]):
			return fmt.Errorf("%w: the %s key has two roles", ErrClaim, name)
		case !ed25519.Verify(raw[i], digest[:], k.Proofs[i+2]):
			return fmt.Errorf("%w: %s key: %w", ErrClaim, name, errProof)
		}
	}
	return nil
}

var errProof = errors.New("its proof of possession does not verify")

// same reports whether a was claimed with these keys.
func (k Keys) same(a store.Appliance) bool {
	return bytes.Equal(k.TLS, a.TLSKey) && bytes.Equal(k.CA, a.CAKey) && bytes.Equal(k.Command, a.CommandKey) &&
		bytes.Equal(k.Bundle, a.BundleKey) && bytes.Equal(k.Log, a.LogKey)
}
