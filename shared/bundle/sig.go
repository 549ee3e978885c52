package bundle

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/signed"
	"github.com/osiriscare/osiris/shared/trust"
)

// sigHeader is the first line of bundle.sig.
const sigHeader = "osiris.care/bundle-sig@v1"

// maxTrust bounds the trust chain in bundle.sig, bytes of protobuf.
const maxTrust = 256 << 10

// Errors of OpenSigned, besides those of trust and signed.
var (
	ErrNotEndorsed = errors.New("signer is not an appliance of the trust document")
	ErrOwner       = errors.New("bundle is of another site or appliance than its signer")
)

// Sig is the content of bundle.sig: the raw public key, the signature over
// bundle.json in the context osiris/bundle/v1, and the trust.v1.TrustChain that
// endorses the key, as its exact protobuf bytes.
type Sig struct {
	Key       ed25519.PublicKey
	Signature []byte
	Trust     []byte
}

// Sign signs the bytes of bundle.json.
func Sign(bundleJSON []byte, key *signed.Key, trustChain []byte) Sig {
	return Sig{Key: key.Public(), Signature: key.Sign(signed.Bundle, bundleJSON), Trust: trustChain}
}

// Marshal gives the bytes of bundle.sig.
func (s Sig) Marshal() []byte {
	b := make([]byte, 0, 256+base64.StdEncoding.EncodedLen(len(s.Trust)))
	b = append(b, sigHeader+"\nkey "...)
	b = hex.AppendEncode(b, s.Key)
	b = append(b, "\nsig "...)
	b = hex.AppendEncode(b, s.Signature)
	b = append(b, "\ntrust "...)
	b = base64.StdEncoding.AppendEncode(b, s.Trust)
	return append(b, '\n')
}

// ParseSig reads what Marshal writes and nothing else. It verifies nothing.
func ParseSig(data []byte) (Sig, error) {
	if len(data) > MaxSize {
		return Sig{}, fmt.Errorf("%w: bundle.sig of %d bytes", ErrMalformed, len(data))
	}
	lines := strings.Split(string(data), "\n")
	if len(lines) != 5 || lines[0] != sigHeader {
		return Sig{}, fmt.Errorf("%w: not a %s file", ErrMalformed, sigHeader)
	}
	key, okKey := strings.CutPrefix(lines[1], "key ")
	sig, okSig := strings.CutPrefix(lines[2], "sig ")
	chain, okTrust := strings.CutPrefix(lines[3], "trust ")
	if !okKey || !okSig || !okTrust {
		return Sig{}, fmt.Errorf("%w: bundle.sig without its key, sig or trust line", ErrMalformed)
	}
	var s Sig
	var errKey, errSig, errTrust error
	s.Key, errKey = hex.DecodeString(key)
	s.Signature, errSig = hex.DecodeString(sig)
	s.Trust, errTrust = base64.StdEncoding.Strict().DecodeString(chain)
	switch {
	case errKey != nil || len(s.Key) != ed25519.PublicKeySize:
		return Sig{}, fmt.Errorf("%w: key line of bundle.sig", ErrMalformed)
	case errSig != nil || len(s.Signature) != ed25519.SignatureSize:
		return Sig{}, fmt.Errorf("%w: sig line of bundle.sig", ErrMalformed)
	case errTrust != nil || len(s.Trust) > maxTrust:
		return Sig{}, fmt.Errorf("%w: trust line of bundle.sig", ErrMalformed)
	case !bytes.Equal(s.Marshal(), data):
		return Sig{}, fmt.Errorf("%w: bundle.sig is not in its one form", ErrMalformed)
	}
	return s, nil
}

// maxAppliances bounds a site's trust document.
const maxAppliances = 256

// OpenTrust verifies the trust chain against itself; whose root it is, the
// caller compares.
func (s Sig) OpenTrust() (*trust.Opened, error) {
	chain := &trustlite.TrustChain{}
	if err := chain.UnmarshalVT(s.Trust); err != nil {
		return nil, fmt.Errorf("%w: trust chain of bundle.sig: %w", ErrMalformed, err)
	}
	opened, err := trust.OpenUnpinned(chain)
	if err != nil {
		return nil, err
	}
	if n := len(opened.Doc.Appliances); n > maxAppliances {
		return nil, fmt.Errorf("%w: a trust document of %d appliances, the limit is %d", ErrMalformed, n, maxAppliances)
	}
	for _, a := range opened.Doc.Appliances {
		if len(a.CommandKey) != ed25519.PublicKeySize || len(a.BundleKey) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("%w: trust document without a key of appliance %q", ErrMalformed, clip(a.ApplianceId))
		}
	}
	return opened, nil
}

// Signed is a bundle whose signature and endorsement hold.
type Signed struct {
	Bundle    Bundle
	Sig       Sig
	Trust     *trust.Opened
	Appliance *trustlite.ApplianceKeys
}

// OpenSigned reads bundle.json and bundle.sig and verifies that the appliance
// named in the bundle signed it, under the trust chain of the file. It pins
// nothing: the caller compares Trust.Root or Sig.Key with what it knows. What
// bundle.json says is looked at last, when it is known that a key of the chain
// signed it.
func OpenSigned(bundleJSON, bundleSig []byte) (*Signed, error) {
	if len(bundleJSON) > MaxSize {
		return nil, fmt.Errorf("%w: bundle.json of %d bytes", ErrMalformed, len(bundleJSON))
	}
	sig, err := ParseSig(bundleSig)
	if err != nil {
		return nil, err
	}
	opened, err := sig.OpenTrust()
	if err != nil {
		return nil, err
	}
	keys, err := sig.signer(bundleJSON, opened)
	if err != nil {
		return nil, err
	}
	b, err := Decode(bundleJSON)
	if err != nil {
		return nil, err
	}
	if err := owned(b, opened, keys); err != nil {
		return nil, err
	}
	return &Signed{b, sig, opened, keys}, nil
}

// signer verifies the signature and returns the appliance whose it is.
func (s Sig) signer(bundleJSON []byte, opened *trust.Opened) (*trustlite.ApplianceKeys, error) {
	if err := signed.Verify(signed.Bundle, s.Key, bundleJSON, s.Signature); err != nil {
		return nil, fmt.Errorf("verifying bundle.json: %w", err)
	}
	keys := opened.Appliance(signed.IDOf(s.Key))
	if keys == nil {
		return nil, fmt.Errorf("%w: key %s", ErrNotEndorsed, signed.IDOf(s.Key))
	}
	return keys, nil
}

// owned checks that the bundle is of the site and appliance of its signer.
func owned(b Bundle, opened *trust.Opened, keys *trustlite.ApplianceKeys) error {
	if b.SiteID != opened.Doc.SiteId || b.ApplianceID != keys.ApplianceId {
		return fmt.Errorf("%w: bundle of %s at %s, signer is %s at %s", ErrOwner,
			clip(b.ApplianceID), clip(b.SiteID), clip(keys.ApplianceId), clip(opened.Doc.SiteId))
	}
	return nil
}
