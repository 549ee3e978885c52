package signed

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Key is a private signing key.
type Key struct{ private ed25519.PrivateKey }

// NewKey makes a key from its 32-byte seed.
func NewKey(seed []byte) (*Key, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("a signing key's seed has %d bytes, not %d", ed25519.SeedSize, len(seed))
	}
	return &Key{ed25519.NewKeyFromSeed(seed)}, nil
}

// Generate makes a random key.
func Generate() (*Key, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return &Key{private}, err
}

// Public is the raw 32-byte public key.
func (k *Key) Public() ed25519.PublicKey { return k.private.Public().(ed25519.PublicKey) }

// Seed is the 32 secret bytes that NewKey takes.
func (k *Key) Seed() []byte { return k.private.Seed() }

// Private is for libraries that sign by themselves, such as sumdb/note.
func (k *Key) Private() ed25519.PrivateKey { return k.private }

// ID names the public key.
func (k *Key) ID() KeyID { return IDOf(k.Public()) }

// String never shows the secret.
func (k *Key) String() string { return "signing key " + k.ID().String() }

// Sign signs payload in context c and returns the 64 bytes.
func (k *Key) Sign(c Context, payload []byte) []byte {
	return ed25519.Sign(k.private, Message(c, k.Public(), payload))
}

// Seal signs payload and wraps it.
func (k *Key) Seal(c Context, payload []byte) Envelope {
	return Envelope{Payload: payload, KeyID: k.ID(), Signature: k.Sign(c, payload)}
}

// LoadOrCreate reads the seed in the file path, or makes a key and writes it
// with mode 0600. The file appears whole or not at all, so that a crash never
// leaves half a key.
func LoadOrCreate(path string) (*Key, error) {
	seed, err := os.ReadFile(path)
	if err == nil {
		return NewKey(seed)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	k, err := Generate()
	if err != nil {
		return nil, err
	}
	if err := WriteSecret(path, k.Seed()); err != nil {
		return nil, fmt.Errorf("writing signing key: %w", err)
	}
	return k, nil
}

// WriteSecret writes a file of mode 0600 durably: temporary file, sync, rename,
// sync of the folder.
func WriteSecret(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // gone already once renamed
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
