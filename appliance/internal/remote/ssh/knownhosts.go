package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// KnownHosts are the pins in a file of OpenSSH's form, which its tools read too
// (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). One process uses the file at a time.
type KnownHosts struct {
	path string
	mu   sync.Mutex
}

// NewKnownHosts uses a file, which need not exist; its folder must.
func NewKnownHosts(path string) *KnownHosts { return &KnownHosts{path: path} }

// Known implements HostKeys.
func (k *KnownHosts) Known(_ context.Context, address string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, _, err := k.find(address)
	return key, err
}

// Pin implements HostKeys.
func (k *KnownHosts) Pin(_ context.Context, address string, key []byte) error {
	public, err := ssh.ParsePublicKey(key)
	if err != nil {
		return fmt.Errorf("pinning the key of %s: %w", address, err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	pinned, rest, err := k.find(address)
	switch {
	case err != nil:
		return err
	case bytes.Equal(pinned, key):
		return nil
	case pinned != nil:
		return fmt.Errorf("pinning the key of %s: another one is pinned", address)
	}
	return k.write(with(rest, address, public))
}

// Reset forgets the key of an address, for an operator who knows why it changed.
// It tells whether there was one.
func (k *KnownHosts) Reset(_ context.Context, address string) (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	pinned, rest, err := k.find(address)
	if err != nil || pinned == nil {
		return false, err
	}
	return true, k.write(rest)
}

// find gives the key of an address and the lines of the others.
func (k *KnownHosts) find(address string) (key, rest []byte, err error) {
	content, err := os.ReadFile(k.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading known hosts: %w", err)
	}
	name := knownhosts.Normalize(address)
	for line := range bytes.Lines(content) {
		if len(bytes.TrimSpace(line)) == 0 || line[0] == '#' {
			rest = append(rest, line...)
			continue
		}
		_, hosts, public, _, _, err := ssh.ParseKnownHosts(line)
		if err != nil || len(hosts) != 1 {
			// Skipping it would pin whatever comes next.
			return nil, nil, fmt.Errorf("reading known hosts %s: a line is not one host and its key", k.path)
		}
		if hosts[0] == name {
			key = public.Marshal()
			continue
		}
		rest = append(rest, line...)
	}
	return key, rest, nil
}

// write replaces the file, so that a crash leaves the old one or the new one.
func (k *KnownHosts) write(content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(k.path), ".known_hosts-*")
	if err != nil {
		return fmt.Errorf("writing known hosts: %w", err)
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), k.path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the error says what matters
		return fmt.Errorf("writing known hosts: %w", err)
	}
	return syncFolder(filepath.Dir(k.path))
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("writing known hosts: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("writing known hosts: %w", err)
	}
	return nil
}
