package ssh

import (
	"context"
	"fmt"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// Replace pins a key in the place of whatever is pinned for an address, at once:
// there is no moment in which any key would do.
func (k *KnownHosts) Replace(_ context.Context, address string, key []byte) error {
	public, err := ssh.ParsePublicKey(key)
	if err != nil {
		return fmt.Errorf("pinning the key of %s: %w", address, err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	_, rest, err := k.find(address)
	if err != nil {
		return err
	}
	return k.write(with(rest, address, public))
}

// with are lines of others and that of an address.
func with(rest []byte, address string, key ssh.PublicKey) []byte {
	if len(rest) > 0 && rest[len(rest)-1] != '\n' {
		rest = append(rest, '\n')
	}
	return append(rest, knownhosts.Line([]string{address}, key)+"\n"...)
}
