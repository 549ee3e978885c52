package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/osiriscare/osiris/appliance/internal/config"
	"github.com/osiriscare/osiris/appliance/internal/identity"
	"github.com/osiriscare/osiris/shared/credential"
)

// sealingFile is the key that opens credentials, beside the appliance's others.
func sealingFile(dataDir string) string { return filepath.Join(identity.Dir(dataDir), "sealing.key") }

// showSealing prints the fingerprint that osirisctl shows before it seals to the
// key, so that a person can compare the two.
func showSealing(c config.Config, out io.Writer) error {
	if _, err := identity.Load(c.DataDir); err != nil {
		return err
	}
	key, err := credential.LoadOrCreate(sealingFile(c.DataDir))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, credential.Fingerprint(key.Public()))
	return err
}
