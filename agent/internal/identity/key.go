package identity

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"io"
	"math/big"
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
