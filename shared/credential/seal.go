package credential

import (
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/osiriscare/osiris/shared/signed"
)

// Place is where a sealed credential belongs; all of it is bound to the seal.
type Place struct {
	SiteID, ApplianceID, Name string
	Kind                      Kind
	Version                   uint64
}

// info separates this use of HPKE from others.
const info = "osiris/credential/v1"

// kemSize is the length of the encapsulated key that a sealed text begins with.
const kemSize = 32

// MaxSealed bounds a sealed credential: the encapsulated key, the plain text and
// its tag.
const MaxSealed = kemSize + maxPlain + 16

// aad is the place, each part with its length before it.
func (p Place) aad() []byte {
	var b []byte
	for _, part := range []string{p.SiteID, p.ApplianceID, p.Name, string(p.Kind)} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part))) //nolint:gosec // names are short
		b = append(b, part...)
	}
	return binary.BigEndian.AppendUint64(b, p.Version)
}

// Seal encrypts a credential to an appliance's raw sealing key for one place.
func Seal(key []byte, p Place, c Credential) ([]byte, error) {
	if p.Kind != c.Kind {
		return nil, fmt.Errorf("%w: its place is for a %s", ErrInvalid, p.Kind)
	}
	public, err := hpke.DHKEM(ecdh.X25519()).NewPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("reading sealing key: %w", err)
	}
	text, err := c.encode()
	if err != nil {
		return nil, err
	}
	enc, sender, err := hpke.NewSender(public, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte(info))
	if err != nil {
		return nil, fmt.Errorf("sealing credential: %w", err)
	}
	sealed, err := sender.Seal(p.aad(), text)
	if err != nil {
		return nil, fmt.Errorf("sealing credential: %w", err)
	}
	return append(enc, sealed...), nil
}

// Key is an appliance's private sealing key.
type Key struct{ private hpke.PrivateKey }

// NewKey makes a random key.
func NewKey() (*Key, error) {
	private, err := hpke.DHKEM(ecdh.X25519()).GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("making sealing key: %w", err)
	}
	return &Key{private}, nil
}

// LoadOrCreate reads the 32 raw bytes in the file path, or makes a key and
// writes it with mode 0600.
func LoadOrCreate(path string) (*Key, error) {
	raw, err := os.ReadFile(path)
	if err == nil {
		private, err := hpke.DHKEM(ecdh.X25519()).NewPrivateKey(raw)
		if err != nil {
			return nil, fmt.Errorf("reading sealing key %s: %w", path, err)
		}
		return &Key{private}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading sealing key: %w", err)
	}
	k, err := NewKey()
	if err != nil {
		return nil, err
	}
	if raw, err = k.private.Bytes(); err == nil {
		err = signed.WriteSecret(path, raw)
	}
	if err != nil {
		return nil, fmt.Errorf("writing sealing key: %w", err)
	}
	return k, nil
}

// Public is the raw 32-byte public key.
func (k *Key) Public() []byte { return k.private.PublicKey().Bytes() }

// String never shows the secret.
func (k *Key) String() string { return "sealing key " + Fingerprint(k.Public()) }

// GoString is for %#v.
func (k *Key) GoString() string { return k.String() }

// Open decrypts what was sealed to this key for this place. ErrSealed tells no
// more, as the cipher does not know more.
func (k *Key) Open(p Place, sealed []byte) (Credential, error) {
	if len(sealed) < kemSize || len(sealed) > MaxSealed {
		return Credential{}, ErrSealed
	}
	recipient, err := hpke.NewRecipient(sealed[:kemSize], k.private, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte(info))
	if err != nil {
		return Credential{}, ErrSealed
	}
	text, err := recipient.Open(p.aad(), sealed[kemSize:])
	if err != nil {
		return Credential{}, ErrSealed
	}
	c, err := decode(text)
	clear(text)
	if err == nil && c.Kind != p.Kind {
		err = fmt.Errorf("%w: its place is for a %s", ErrInvalid, p.Kind)
	}
	if err != nil {
		return Credential{}, err
	}
	return c, nil
}
