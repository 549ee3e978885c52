package uplink

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/appliance/internal/identity"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/trust"
)

// Claim turns a provisioning string into an identity in the data folder. Keys
// are made first and kept, so a claim that was cut off is repeated as it was.
func Claim(ctx context.Context, dataDir string, p identity.Provision, hostname string) (*identity.Identity, error) {
	keys, err := identity.LoadKeys(dataDir)
	if err != nil {
		return nil, err
	}
	request, err := claimRequest(keys, p.Code, hostname)
	if err != nil {
		return nil, fmt.Errorf("making claim: %w", err)
	}
	client, err := newClient(p, func() *identity.Identity { return nil })
	if err != nil {
		return nil, err
	}
	answer, err := client.Claim(ctx, connect.NewRequest(request))
	if err != nil {
		return nil, fmt.Errorf("claiming at %s: %w", p.CentralURL, err)
	}
	if err := checkClaim(p, answer.Msg, request); err != nil {
		return nil, fmt.Errorf("checking central's answer to the claim: %w", err)
	}
	return identity.Save(dataDir, keys, p, answer.Msg)
}

// ClaimUntil repeats Claim while Central cannot be reached. An answer that will
// not change ends it.
func ClaimUntil(ctx context.Context, dataDir string, p identity.Provision, hostname string, log *slog.Logger) (*identity.Identity, error) {
	var wait backoff
	for {
		i, err := Claim(ctx, dataDir, p, hostname)
		switch connect.CodeOf(err) {
		case connect.CodeUnavailable, connect.CodeDeadlineExceeded, connect.CodeCanceled, connect.CodeAborted:
		default:
			return i, err
		}
		if err == nil {
			return i, nil
		}
		log.WarnContext(ctx, "central cannot be reached for the claim", "error", err)
		if !wait.sleep(ctx) {
			return nil, errors.Join(ctx.Err(), err)
		}
	}
}

func claimRequest(k *identity.Keys, code, hostname string) (*centralv1.ClaimRequest, error) {
	tlsKey, err := x509.MarshalPKIXPublicKey(k.TLS.Public())
	if err != nil {
		return nil, err
	}
	caKey, err := x509.MarshalPKIXPublicKey(k.CA.Public())
	if err != nil {
		return nil, err
	}
	r := &centralv1.ClaimRequest{
		Code: code, Hostname: hostname, TlsKey: tlsKey, CaKey: caKey,
		CommandKey: k.Command.Public(), BundleKey: k.Bundle.Public(), LogKey: k.Log.Public(),
	}
	digest := claimDigest(r)
	for _, key := range []*ecdsa.PrivateKey{k.TLS, k.CA} {
		proof, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
		if err != nil {
			return nil, err
		}
		r.Proofs = append(r.Proofs, proof)
	}
	for _, key := range []ed25519.PrivateKey{k.Command.Private(), k.Bundle.Private(), k.Log.Private()} {
		r.Proofs = append(r.Proofs, ed25519.Sign(key, digest[:]))
	}
	return r, nil
}

// claimDigest is what every key of a claim signs.
func claimDigest(r *centralv1.ClaimRequest) [32]byte {
	return sha256.Sum256(slices.Concat([]byte("osiris claim v1\x00"), []byte(r.GetCode()), []byte{0},
		r.GetTlsKey(), r.GetCaKey(), r.GetCommandKey(), r.GetBundleKey(), r.GetLogKey()))
}

// checkClaim believes nothing that the pinned root did not sign for: the site's
// root and our own keys must stand in the trust document.
func checkClaim(p identity.Provision, answer *centralv1.ClaimResponse, asked *centralv1.ClaimRequest) error {
	pin, err := p.Root()
	if err != nil {
		return err
	}
	opened, err := openChain(answer.GetTrust())
	if err != nil {
		return err
	}
	if opened.Root != pin {
		return fmt.Errorf("%w: it names %s", trust.ErrUnpinned, opened.Root)
	}
	if opened.Doc.SiteId != answer.GetSiteId() {
		return trust.ErrSite
	}
	if !rootLive(answer.GetSiteRoot(), opened.Doc.SiteRoots) {
		return errRoot
	}
	for _, a := range opened.Doc.Appliances {
		if a.ApplianceId == answer.GetApplianceId() && string(a.CommandKey) == string(asked.GetCommandKey()) &&
			string(a.BundleKey) == string(asked.GetBundleKey()) {
			return nil
		}
	}
	return errors.New("our keys are not in the trust document")
}

var errRoot = errors.New("the site root is not in the trust document")

// rootLive reports whether a certificate, DER, is of one of the roots.
func rootLive(der []byte, roots [][]byte) bool {
	root, err := x509.ParseCertificate(der)
	if err != nil {
		return false
	}
	spki := sha256.Sum256(root.RawSubjectPublicKeyInfo)
	return slices.ContainsFunc(roots, func(b []byte) bool { return string(b) == string(spki[:]) })
}

// openChain verifies a chain as it travels.
func openChain(chain *trustv1.TrustChain) (*trust.Opened, error) {
	body, err := proto.Marshal(chain)
	if err != nil {
		return nil, err
	}
	lite := &trustlite.TrustChain{}
	if err := lite.UnmarshalVT(body); err != nil {
		return nil, fmt.Errorf("reading trust chain: %w", err)
	}
	return trust.OpenUnpinned(lite)
}
