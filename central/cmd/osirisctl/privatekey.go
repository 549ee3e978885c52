package main

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"

	"golang.org/x/crypto/ssh"

	"github.com/osiriscare/osiris/shared/credential"
)

// checkKey opens the key as the appliance will: once it is sealed nobody here sees
// that it is of no use.
func checkKey(c credential.Credential) error {
	switch c.Kind {
	case credential.SSHKey:
		return checkSSHKey([]byte(c.Key.Reveal()), c.Passphrase)
	case credential.ClientCertificate:
		var chain []byte
		for _, der := range c.Certificate {
			chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
		}
		if _, err := tls.X509KeyPair(chain, []byte(c.Key.Reveal())); err != nil {
			return errors.New("--key and --certificate do not make a pair, or the key is not PEM without a passphrase")
		}
	case credential.WindowsPassword, credential.SSHPassword, credential.LDAPBind:
	}
	return nil
}

func checkSSHKey(key []byte, passphrase credential.Secret) error {
	if passphrase.Empty() {
		_, err := ssh.ParseRawPrivateKey(key)
		var locked *ssh.PassphraseMissingError
		switch {
		case errors.As(err, &locked):
			return fmt.Errorf("the key has a passphrase, and --passphrase is missing: %w", errUsage)
		case err != nil:
			return errors.New("--key is no private key that SSH knows (OpenSSH's, or PEM)")
		}
		return nil
	}
	if _, err := ssh.ParseRawPrivateKeyWithPassphrase(key, []byte(passphrase.Reveal())); err != nil {
		return errors.New("the passphrase does not open --key, or it is no private key with one")
	}
	return nil
}
