// Package identity is who an appliance is: the keys it made itself and the
// answer Central gave to its claim. It lives in the folder identity of the data
// folder: one file a key, mode 0600 (raw 32-byte seeds for Ed25519, PKCS #8 DER
// for P-256), claim.bin with the exact ClaimResponse and provision.json with
// what the provisioning string said. Nothing here depends on state.db, so that
// a restored database never changes who the appliance is.
//
// ErrUnclaimed means that there are keys at most, and no answer from Central.
package identity

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/signed"
)

// ErrUnclaimed is returned by Load before Save.
var ErrUnclaimed = errors.New("the appliance is not claimed; run the claim verb with a provisioning string")

// Identity is a claimed appliance.
type Identity struct {
	*Keys
	Provision     Provision
	Claim         *centralv1.ClaimResponse
	CACertificate *x509.Certificate // intermediate, for Keys.CA
	SiteRoot      *x509.Certificate
	Others        []*x509.Certificate // an intermediate and its root, for each other live root
	dir           string
}

// SiteID is the site that Central put the appliance in.
func (i *Identity) SiteID() string { return i.Claim.GetSiteId() }

// ApplianceID is the name Central gave.
func (i *Identity) ApplianceID() string { return i.Claim.GetApplianceId() }

// Dir is the folder of the data folder that holds an identity.
func Dir(dataDir string) string { return filepath.Join(dataDir, "identity") }

// Load reads the identity of the data folder.
func Load(dataDir string) (*Identity, error) {
	dir := Dir(dataDir)
	body, err := os.ReadFile(filepath.Join(dir, "claim.bin"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrUnclaimed
	}
	if err != nil {
		return nil, fmt.Errorf("reading claim: %w", err)
	}
	claim := &centralv1.ClaimResponse{}
	if err := proto.Unmarshal(body, claim); err != nil {
		return nil, fmt.Errorf("reading claim: %w", err)
	}
	said, err := os.ReadFile(filepath.Join(dir, "provision.json"))
	if err != nil {
		return nil, fmt.Errorf("reading provisioning: %w", err)
	}
	var p Provision
	if err := json.Unmarshal(said, &p); err != nil {
		return nil, fmt.Errorf("reading provisioning: %w", err)
	}
	if err := requireKeys(dataDir); err != nil {
		return nil, err
	}
	keys, err := LoadKeys(dataDir)
	if err != nil {
		return nil, err
	}
	return build(dir, keys, p, claim)
}

// Save makes the claim's answer permanent and returns the identity. It refuses
// an answer that is not for these keys.
func Save(dataDir string, keys *Keys, p Provision, claim *centralv1.ClaimResponse) (*Identity, error) {
	i, err := build(Dir(dataDir), keys, p, claim)
	if err != nil {
		return nil, err
	}
	said, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing provisioning: %w", err)
	}
	if err := signed.WriteSecret(filepath.Join(i.dir, "provision.json"), said); err != nil {
		return nil, fmt.Errorf("writing provisioning: %w", err)
	}
	return i, i.write()
}

// Certificates are what Central re-issued, DER; empty ones stay. Others go with CA:
// they replace what was held.
type Certificates struct {
	TLS, CA, SiteRoot []byte
	Others            [][]byte // an intermediate and its root, for each other live root
}

// Renew replaces the certificates Central re-issued at a check-in. The CA and the connection to Central take them up at the next start or
// when told by their owner.
func (i *Identity) Renew(c Certificates) (*Identity, error) {
	claim := proto.CloneOf(i.Claim)
	if len(c.TLS) > 0 {
		claim.TlsCertificate = c.TLS
	}
	if len(c.SiteRoot) > 0 {
		claim.SiteRoot = c.SiteRoot
	}
	if len(c.CA) > 0 {
		claim.CaCertificate, claim.OtherAuthorities = c.CA, c.Others
	}
	next, err := build(i.dir, i.Keys, i.Provision, claim)
	if err != nil {
		return nil, fmt.Errorf("renewing certificates: %w", err)
	}
	return next, next.write()
}

func (i *Identity) write() error {
	body, err := proto.Marshal(i.Claim)
	if err != nil {
		return fmt.Errorf("writing claim: %w", err)
	}
	if err := signed.WriteSecret(filepath.Join(i.dir, "claim.bin"), body); err != nil {
		return fmt.Errorf("writing claim: %w", err)
	}
	return nil
}

func build(dir string, keys *Keys, p Provision, claim *centralv1.ClaimResponse) (*Identity, error) {
	if claim.GetSiteId() == "" || claim.GetApplianceId() == "" {
		return nil, errors.New("reading claim: it names no site or appliance")
	}
	if p.SiteID != "" && p.SiteID != claim.GetSiteId() {
		return nil, fmt.Errorf("reading claim: it is for site %s, provisioned was %s", claim.GetSiteId(), p.SiteID)
	}
	root, err := x509.ParseCertificate(claim.GetSiteRoot())
	if err != nil {
		return nil, fmt.Errorf("reading site root: %w", err)
	}
	intermediate, err := x509.ParseCertificate(claim.GetCaCertificate())
	if err != nil {
		return nil, fmt.Errorf("reading intermediate certificate: %w", err)
	}
	if err := intermediate.CheckSignatureFrom(root); err != nil {
		return nil, fmt.Errorf("checking intermediate certificate: %w", err)
	}
	if pub, ok := intermediate.PublicKey.(*ecdsa.PublicKey); !ok || !pub.Equal(keys.CA.Public()) {
		return nil, errors.New("checking intermediate certificate: it is for another key")
	}
	client, err := x509.ParseCertificate(claim.GetTlsCertificate())
	if err != nil {
		return nil, fmt.Errorf("reading client certificate: %w", err)
	}
	if pub, ok := client.PublicKey.(*ecdsa.PublicKey); !ok || !pub.Equal(keys.TLS.Public()) {
		return nil, errors.New("checking client certificate: it is for another key")
	}
	others := make([]*x509.Certificate, len(claim.GetOtherAuthorities()))
	for n, der := range claim.GetOtherAuthorities() {
		if others[n], err = x509.ParseCertificate(der); err != nil {
			return nil, fmt.Errorf("reading certificate under the other root: %w", err)
		}
	}
	return &Identity{Keys: keys, Provision: p, Claim: claim, CACertificate: intermediate, SiteRoot: root, Others: others, dir: dir}, nil
}
