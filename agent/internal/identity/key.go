package identity

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"math/big"
)

// deviceKey is a P-256 key. It is made and parsed by crypto/ecdh, which TLS
// links anyway; crypto/ecdsa does both for four curves, 30 KB more (measured
// 2026-11-22).
type deviceKey struct {
	signer *ecdsa.PrivateKey
	public []byte // uncompressed point, 65 bytes
}

func newDeviceKey(key *ecdh.PrivateKey) *deviceKey {
	public := key.PublicKey().Bytes()
	half := (len(public) - 1) / 2
	signer := &ecdsa.PrivateKey{D: new(big.Int).SetBytes(key.Bytes())} //nolint:staticcheck // see deviceKey
	signer.Curve = elliptic.P256()
	signer.X, signer.Y = new(big.Int).SetBytes(public[1:1+half]), new(big.Int).SetBytes(public[1+half:]) //nolint:staticcheck // see deviceKey
	return &deviceKey{signer, public}
}

// matches tells whether p is the public half.
func (k *deviceKey) matches(p *ecdsa.PublicKey) bool {
	return p.Curve == elliptic.P256() && p.X.Cmp(k.signer.X) == 0 && p.Y.Cmp(k.signer.Y) == 0 //nolint:staticcheck // see deviceKey
}
