package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/osiriscare/osiris/shared/signed"
)

// Keys are the appliance's own; none ever leaves it.
type Keys struct {
	TLS     *ecdsa.PrivateKey // client certificate towards Central
	CA      *ecdsa.PrivateKey // intermediate for this site's agents
	Command *signed.Key
	Bundle  *signed.Key
	Log     *signed.Key
}

// LoadKeys reads the keys of the data folder and makes those that are missing.
// Keys exist before the claim, so that a claim repeated after a crash is the
// same claim.
func LoadKeys(dataDir string) (*Keys, error) {
	dir := Dir(dataDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making identity folder: %w", err)
	}
	return readKeys(dir)
}

// requireKeys fails when a claimed appliance lacks one of its keys. A new one
// would be worth nothing: Central and the agents know the old.
func requireKeys(dataDir string) error {
	for _, name := range []string{"tls.key", "ca.key", "command.key", "bundle.key", "log.key"} {
		path := filepath.Join(Dir(dataDir), name)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("key %s of this claimed appliance is missing: restore it from a backup, "+
				"or retire the appliance and claim a new one in an empty data folder", path)
		} else if err != nil {
			return fmt.Errorf("looking at key %s: %w", path, err)
		}
	}
	return nil
}

func readKeys(dir string) (*Keys, error) {
	k := &Keys{}
	for name, into := range map[string]**ecdsa.PrivateKey{"tls.key": &k.TLS, "ca.key": &k.CA} {
		key, err := loadECDSA(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("loading %s: %w", name, err)
		}
		*into = key
	}
	for name, into := range map[string]**signed.Key{"command.key": &k.Command, "bundle.key": &k.Bundle, "log.key": &k.Log} {
		key, err := signed.LoadOrCreate(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("loading %s: %w", name, err)
		}
		*into = key
	}
	return k, nil
}

func loadECDSA(path string) (*ecdsa.PrivateKey, error) {
	der, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeECDSA(path)
	}
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("it is not a P-256 key")
	}
	return key, nil
}

func makeECDSA(path string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, signed.WriteSecret(path, der)
}
