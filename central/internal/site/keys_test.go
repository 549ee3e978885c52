package site_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/osiriscare/osiris/shared/signed"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
	"github.com/osiriscare/osiris/central/internal/site"
)

// weak is a key of small order, the curve's neutral element, and anyone's
// signature under it: it verifies for every message.
func weak() (key, proof []byte) {
	key, proof = make([]byte, ed25519.PublicKeySize), make([]byte, ed25519.SignatureSize)
	key[0], proof[0] = 1, 1
	return key, proof
}

func TestAKeyUnderWhichOneSignatureFitsAllIsNoKeyOfAClaim(t *testing.T) {
	c := ct.New(t)
	code := c.Code(c.Site("Riverside", "Main Street").ID, time.Hour)
	for n, name := range []string{"command", "bundle", "log"} {
		t.Run(name, func(t *testing.T) {
			a := c.Unclaimed()
			r := a.ClaimRequest(code)
			key, proof := weak()
			*[]*[]byte{&r.CommandKey, &r.BundleKey, &r.LogKey}[n] = key
			// Everybody who owns a key proves it anew for this claim.
			keys := site.Keys{TLS: r.GetTlsKey(), CA: r.GetCaKey(), Command: r.GetCommandKey(), Bundle: r.GetBundleKey(), Log: r.GetLogKey()}
			digest := keys.Digest(code)
			for i, k := range []*ecdsa.PrivateKey{a.TLS, a.CA} {
				r.Proofs[i] = ct.Value(ecdsa.SignASN1(rand.Reader, k, digest[:]))(t)
			}
			for i, k := range []*signed.Key{a.Command, a.Bundle, a.Log} {
				r.Proofs[2+i] = ed25519.Sign(k.Private(), digest[:])
			}
			r.Proofs[2+n], keys.Proofs = proof, r.Proofs
			if !ed25519.Verify(key, digest[:], proof) {
				t.Fatal("the proof does not verify; it says nothing about the refusal")
			}
			if err := keys.Verify(code); !errors.Is(err, signed.ErrWeakKey) || !errors.Is(err, site.ErrClaim) {
				t.Errorf("Verify = %v; want ErrWeakKey", err)
			}
			if _, err := a.Client.Claim(t.Context(), connect.NewRequest(r)); connect.CodeOf(err) != connect.CodeInvalidArgument {
				t.Errorf("Claim = %v; want invalid argument", err)
			}
		})
	}
	ct.Check(t, c.Unclaimed().Claim(code)) // the code is still good
}
