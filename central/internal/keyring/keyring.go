// Package keyring is the keys in Central's data folder (DESIGN D13):
//
//	delegation.bin     the Central root's word for the online key (TrustChain
//	                   without a document)
//	online.key         Ed25519 seed: trust documents, policies
//	online.pub         its public key, hexadecimal, to carry to the root
//	witness.key        Ed25519 seed: cosignatures
//	wrap.key           32 bytes, AES-256-GCM over site root keys
//	ca/tls.{der,key}   authority of Central's server certificate
//	ca/appliance.{der,key}  authority of appliances' client certificates
//
// Secret files have mode 0600. The root's own key is root.key in a folder of its
// own, which in production is on no computer that is connected. ErrNotSetUp
// means that Init or the delegation is still to be done.
package keyring

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/logproof"
	"github.com/osiriscare/osiris/shared/signed"

	"github.com/osiriscare/osiris/central/internal/ca"
)

// ErrNotSetUp means the data folder lacks keys.
var ErrNotSetUp = errors.New("the data folder is not set up")

// Keyring is what a running Central signs with.
type Keyring struct {
	Root       signed.KeyID
	RootPublic ed25519.PublicKey
	Delegation *trustv1.SignedEnvelope
	Expires    time.Time // end of the delegation
	Online     *signed.Key
	Witness    *signed.Key
	TLS        *ca.Authority
	Appliances *ca.Authority
	wrap       []byte
}

// WitnessName is the name of this Central's witness key.
func (k *Keyring) WitnessName() string { return logproof.WitnessName(k.Root) }

// Init makes what is missing in dir and leaves the rest alone.
func Init(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "ca"), 0o700); err != nil {
		return fmt.Errorf("making data folder: %w", err)
	}
	online, err := signed.LoadOrCreate(filepath.Join(dir, "online.key"))
	if err != nil {
		return fmt.Errorf("making online key: %w", err)
	}
	if _, err := signed.LoadOrCreate(filepath.Join(dir, "witness.key")); err != nil {
		return fmt.Errorf("making witness key: %w", err)
	}
	if err := signed.WriteSecret(filepath.Join(dir, "online.pub"), []byte(hex.EncodeToString(online.Public())+"\n")); err != nil {
		return fmt.Errorf("writing online public key: %w", err)
	}
	if _, err := wrapKey(dir, true); err != nil {
		return err
	}
	for _, name := range []string{"tls", "appliance"} {
		if _, err := authority(dir, name, true); err != nil {
			return err
		}
	}
	return nil
}

// Load reads a folder that Init made and the root delegated to.
func Load(dir string) (*Keyring, error) {
	k := &Keyring{}
	for name, into := range map[string]**signed.Key{"online.key": &k.Online, "witness.key": &k.Witness} {
		seed, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, setUp(fmt.Errorf("reading %s: %w", name, err))
		}
		if *into, err = signed.NewKey(seed); err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
	}
	var err error
	if k.wrap, err = wrapKey(dir, false); err != nil {
		return nil, setUp(err)
	}
	if k.TLS, err = authority(dir, "tls", false); err != nil {
		return nil, setUp(err)
	}
	if k.Appliances, err = authority(dir, "appliance", false); err != nil {
		return nil, setUp(err)
	}
	return k, k.loadDelegation(filepath.Join(dir, "delegation.bin"))
}

func setUp(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w; run `osiris-central init` first", ErrNotSetUp, err)
	}
	return err
}

func authority(dir, name string, mayMake bool) (*ca.Authority, error) {
	certificatePath, keyPath := filepath.Join(dir, "ca", name+".der"), filepath.Join(dir, "ca", name+".key")
	certificate, err := os.ReadFile(certificatePath)
	if errors.Is(err, fs.ErrNotExist) && mayMake {
		return makeAuthority(name, certificatePath, keyPath)
	}
	if err != nil {
		return nil, fmt.Errorf("reading authority %s: %w", name, err)
	}
	key, err := os.ReadFile(keyPath)
	if err != nil {
		return nil, fmt.Errorf("reading authority %s: %w", name, err)
	}
	return ca.Load(certificate, key)
}

// makeAuthority writes the key first: a certificate without its key never is.
func makeAuthority(name, certificatePath, keyPath string) (*ca.Authority, error) {
	a, err := ca.New("Osiris Central " + name)
	if err != nil {
		return nil, err
	}
	key, err := a.Key()
	if err != nil {
		return nil, fmt.Errorf("writing authority %s: %w", name, err)
	}
	if err := signed.WriteSecret(keyPath, key); err != nil {
		return nil, fmt.Errorf("writing authority %s: %w", name, err)
	}
	if err := signed.WriteSecret(certificatePath, a.Certificate.Raw); err != nil {
		return nil, fmt.Errorf("writing authority %s: %w", name, err)
	}
	return a, nil
}
