package identity

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
)

// deviceKey is a P-256 key. It is made and parsed by crypto/ecdh, which TLS
// links anyway; crypto/ecdsa does both for four curves, 30 KB more (measured
// 2026-11-22).
type deviceKey struct {
	private *ecdsa.PrivateKey
	public  []byte // uncompressed point, 65 bytes
}

// Public makes deviceKey a crypto.Signer for TLS. The one of crypto/ecdsa brings
// deterministic signatures for four curves, 14 KB.
func (k *deviceKey) Public() crypto.PublicKey { return &k.private.PublicKey }

// Sign gives an ASN.1 signature over a digest.
func (k *deviceKey) Sign(random io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	return ecdsa.SignASN1(random, k.private, digest)
}

func newDeviceKey(key *ecdh.PrivateKey) *deviceKey {
	public := key.PublicKey().Bytes()
	half := (len(public) - 1) / 2
	private := &ecdsa.PrivateKey{D: new(big.Int).SetBytes(key.Bytes())} //nolint:staticcheck // see deviceKey
	private.Curve = elliptic.P256()
	private.X, private.Y = new(big.Int).SetBytes(public[1:1+half]), new(big.Int).SetBytes(public[1+half:])
	return &deviceKey{private, public}
}

// matches tells whether p is the public half.
func (k *deviceKey) matches(p *ecdsa.PublicKey) bool {
	return p.Curve == elliptic.P256() && p.X.Cmp(k.private.X) == 0 && p.Y.Cmp(k.private.Y) == 0 //nolint:staticcheck // see deviceKey
}

// loadKey reads the raw scalar, or makes a key.
func loadKey(path string) (*deviceKey, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		key, err := ecdh.P256().GenerateKey(rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("making device key: %w", err)
		}
		return newDeviceKey(key), atomicfile.Write(path, key.Bytes(), 0o600)
	}
	if err != nil {
		return nil, err
	}
	key, err := parseKey(raw)
	if err != nil {
		return nil, fmt.Errorf("reading device key %s: %w", path, err)
	}
	return key, nil
}

func parseKey(raw []byte) (*deviceKey, error) {
	key, err := ecdh.P256().NewPrivateKey(raw)
	if err != nil {
		return nil, ErrDamaged
	}
	return newDeviceKey(key), nil
}

// errOtherKey refuses a certificate for a key that is not ours.
var errOtherKey = errors.New("the certificate is for another key")

// promote makes the key of an unfinished renewal or enrolment the device key, if
// the certificate is for it.
func (i *Identity) promote(content []byte) error {
	for _, name := range [...]string{nextKeyFile, anewKeyFile} {
		raw, err := os.ReadFile(i.path(name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		key, err := parseKey(raw)
		if err == nil {
			err = i.take(key, "", content)
		}
		if err == nil {
			return i.keep(name)
		}
	}
	return ErrDamaged
}

// keep replaces the key file by another one, whose certificate is there.
func (i *Identity) keep(name string) error {
	if err := os.Rename(i.path(name), i.path(keyFile)); err != nil {
		return err
	}
	return atomicfile.SyncFolder(i.folder)
}
