package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/osiriscare/osiris/shared/signed"
)

const wrapKeySize = 32

func wrapKey(dir string, mayMake bool) ([]byte, error) {
	path := filepath.Join(dir, "wrap.key")
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && mayMake {
		key = make([]byte, wrapKeySize)
		rand.Read(key)
		if err := signed.WriteSecret(path, key); err != nil {
			return nil, fmt.Errorf("writing wrapping key: %w", err)
		}
		return key, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading wrapping key: %w", err)
	}
	if len(key) != wrapKeySize {
		return nil, fmt.Errorf("reading wrapping key: it has %d bytes, not %d", len(key), wrapKeySize)
	}
	return key, nil
}

// Wrap encrypts a site's root key. The owner's name is bound in, so that a
// wrapped key cannot be moved to another row.
func (k *Keyring) Wrap(owner string, secret []byte) ([]byte, error) {
	aead, err := k.aead()
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce)
	return aead.Seal(nonce, nonce, secret, []byte(owner)), nil
}

// Unwrap is Wrap backwards.
func (k *Keyring) Unwrap(owner string, wrapped []byte) ([]byte, error) {
	aead, err := k.aead()
	if err != nil {
		return nil, err
	}
	if len(wrapped) < aead.NonceSize() {
		return nil, fmt.Errorf("unwrapping key of %s: it is cut short", owner)
	}
	secret, err := aead.Open(nil, wrapped[:aead.NonceSize()], wrapped[aead.NonceSize():], []byte(owner))
	if err != nil {
		return nil, fmt.Errorf("unwrapping key of %s: wrap.key is not the one it was wrapped with: %w", owner, err)
	}
	return secret, nil
}

func (k *Keyring) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(k.wrap)
	if err != nil {
		return nil, fmt.Errorf("using wrapping key: %w", err)
	}
	return cipher.NewGCM(block)
}
