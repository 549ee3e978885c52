package credential

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"strconv"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
	"github.com/osiriscare/osiris/shared/credential"
)

// WinRM opens a credential for a Windows host.
func (s *Store) WinRM(ctx context.Context, name, host string) (winrm.Credential, string, error) {
	c, version, err := s.Open(ctx, name, host)
	if err != nil {
		return winrm.Credential{}, "", err
	}
	w := winrm.Credential{Method: winrm.Method(c.Method), User: c.User, Realm: c.Realm, Password: c.Password.Reveal()}
	switch c.Kind {
	case credential.WindowsPassword:
	case credential.ClientCertificate:
		if w.Certificate, err = certificate(c); err != nil {
			return winrm.Credential{}, "", fmt.Errorf("opening credential %s: %w", name, err)
		}
	default:
		return winrm.Credential{}, "", fmt.Errorf("opening credential %s, a %s, for Windows: %w", name, c.Kind, ErrKind)
	}
	return w, strconv.FormatUint(version, 10), nil
}

// certificate is the client's with its key. Errors say nothing of the key.
func certificate(c credential.Credential) (*tls.Certificate, error) {
	var chain []byte
	for _, der := range c.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	pair, err := tls.X509KeyPair(chain, []byte(c.Key.Reveal()))
	if err != nil {
		return nil, errors.New("certificate and key do not make a pair")
	}
	return &pair, nil
}
