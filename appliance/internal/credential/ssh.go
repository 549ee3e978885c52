package credential

import (
	"context"
	"fmt"
	"strconv"

	"github.com/osiriscare/osiris/appliance/internal/remote/ssh"
	"github.com/osiriscare/osiris/shared/credential"
)

// SSH opens a credential for a Linux host.
func (s *Store) SSH(ctx context.Context, name, host string) (ssh.Credential, string, error) {
	c, version, err := s.Open(ctx, name, host)
	if err != nil {
		return ssh.Credential{}, "", err
	}
	l := ssh.Credential{User: c.User, Sudo: ssh.Sudo(c.Sudo), SudoSecret: c.SudoSecret.Reveal()}
	switch c.Kind {
	case credential.SSHPassword:
		l.Password = c.Password.Reveal()
	case credential.SSHKey:
		l.Key, l.Passphrase = []byte(c.Key.Reveal()), c.Passphrase.Reveal()
	default:
		return ssh.Credential{}, "", fmt.Errorf("opening credential %s, a %s, for SSH: %w", name, c.Kind, ErrKind)
	}
	return l, strconv.FormatUint(version, 10), nil
}
