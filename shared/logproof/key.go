package logproof

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/osiriscare/osiris/shared/signed"
	"golang.org/x/mod/sumdb/note"
)

// Key types of C2SP signed-note: the byte before the raw key in a vkey, and in
// what the 4-byte key hash covers.
const (
	algEd25519     = 1 // a log's key
	algCosignature = 4 // a witness's key: Ed25519 over cosignature/v1
)

// LogVKey is the public form of a log's key: name+hash+key, type 0x01.
func LogVKey(origin string, pub ed25519.PublicKey) string { return vkey(origin, algEd25519, pub) }

// WitnessVKey is the public form of a witness's key, type 0x04.
func WitnessVKey(name string, pub ed25519.PublicKey) string { return vkey(name, algCosignature, pub) }

// WitnessName names the witness of the vendor or partner whose Central root has
// this fingerprint.
func WitnessName(root signed.KeyID) string { return originPrefix + "witness/" + root.String()[:16] }

func vkey(name string, alg byte, pub ed25519.PublicKey) string {
	key := append([]byte{alg}, pub...)
	return fmt.Sprintf("%s+%08x+%s", name, keyHash(name, key), base64.StdEncoding.EncodeToString(key))
}

// keyHash is the first four bytes of SHA-256 over name, newline, type and key.
func keyHash(name string, key []byte) uint32 {
	h := sha256.New()
	h.Write([]byte(name))
	h.Write([]byte("\n"))
	h.Write(key)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

// parseVKey takes a vkey of the given type apart.
func parseVKey(s string, alg byte) (name string, pub ed25519.PublicKey, err error) {
	name, rest, _ := strings.Cut(s, "+")
	hash, key64, _ := strings.Cut(rest, "+")
	key, err := base64.StdEncoding.Strict().DecodeString(key64)
	if err != nil || !isName(name) || len(key) != 1+ed25519.PublicKeySize || key[0] != alg ||
		vkey(name, alg, key[1:]) != s {
		return "", nil, fmt.Errorf("%w: vkey %q of type %d with hash %s", ErrMalformed, clip(s), alg, clip(strconv.Quote(hash)))
	}
	if err := signed.ValidKey(key[1:]); err != nil {
		return "", nil, fmt.Errorf("%w: vkey %q: %w", ErrMalformed, clip(s), err)
	}
	return name, key[1:], nil
}

// ParseLogVKey reads a type 0x01 vkey; the name is the log's origin.
func ParseLogVKey(s string) (origin string, pub ed25519.PublicKey, err error) {
	return parseVKey(s, algEd25519)
}

// ParseWitnessVKey reads a type 0x04 vkey.
func ParseWitnessVKey(s string) (name string, pub ed25519.PublicKey, err error) {
	return parseVKey(s, algCosignature)
}

// LogVerifier checks checkpoints of the log whose vkey this is.
func LogVerifier(s string) (note.Verifier, error) {
	name, pub, err := ParseLogVKey(s)
	if err != nil {
		return nil, err
	}
	return verifier{name, keyHash(name, append([]byte{algEd25519}, pub...)), func(msg, sig []byte) bool {
		return ed25519.Verify(pub, msg, sig)
	}}, nil
}

// WitnessVerifier checks cosignatures of the witness whose vkey this is.
func WitnessVerifier(s string) (note.Verifier, error) {
	name, pub, err := ParseWitnessVKey(s)
	if err != nil {
		return nil, err
	}
	return verifier{name, keyHash(name, append([]byte{algCosignature}, pub...)), func(msg, sig []byte) bool {
		return verifyCosignature(pub, msg, sig)
	}}, nil
}

type verifier struct {
	name   string
	hash   uint32
	verify func(msg, sig []byte) bool
}

func (v verifier) Name() string                { return v.name }
func (v verifier) KeyHash() uint32             { return v.hash }
func (v verifier) Verify(msg, sig []byte) bool { return v.verify(msg, sig) }

// LogSigner signs checkpoints of the log with this origin.
func LogSigner(origin string, key *signed.Key) note.Signer {
	return logSigner{origin, keyHash(origin, append([]byte{algEd25519}, key.Public()...)), key.Private()}
}

type logSigner struct {
	name string
	hash uint32
	key  ed25519.PrivateKey
}

func (s logSigner) Name() string                    { return s.name }
func (s logSigner) KeyHash() uint32                 { return s.hash }
func (s logSigner) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }
