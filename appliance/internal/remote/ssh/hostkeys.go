package ssh

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"

	"golang.org/x/crypto/ssh"
)

// HostKeys keeps the keys that hosts showed first. KnownHosts does it in a file.
type HostKeys interface {
	// Known gives the pinned key of an address, host:port, as the protocol carries
	// it; nil when there is none.
	Known(ctx context.Context, address string) ([]byte, error)
	// Pin keeps the key durably. It fails when there is another one already.
	Pin(ctx context.Context, address string, key []byte) error
}

// errKeys marks errors of HostKeys: they are ours, not the host's.
var errKeys = errors.New("host keys cannot be read or kept")

// keyAlgorithms are the kinds of host keys, in the order in which we prefer them.
var keyAlgorithms = []string{
	ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256,
}

// judgement is what decides about one connection's host key.
type judgement struct {
	address string
	pin     [32]byte
	known   ssh.PublicKey
	keys    HostKeys
	ok      bool
}

func (h *host) judgement(ctx context.Context) (*judgement, error) {
	j := &judgement{address: h.endpoint.address(), pin: h.endpoint.Pin, keys: h.road.keys}
	if j.pin != ([32]byte{}) {
		return j, nil
	}
	raw, err := j.keys.Known(ctx, j.address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errKeys, err)
	}
	if raw != nil {
		if j.known, err = ssh.ParsePublicKey(raw); err != nil {
			return nil, fmt.Errorf("%w: the pinned key of %s is none", errKeys, j.address)
		}
	}
	return j, nil
}

// algorithms asks a host that has several keys for the pinned one.
func (j *judgement) algorithms() []string {
	if j.known == nil {
		return keyAlgorithms
	}
	first := []string{j.known.Type()}
	if first[0] == ssh.KeyAlgoRSA {
		first = []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	// The others follow, so that a host that lost that key is told from one that
	// is too weak.
	return append(first, slices.DeleteFunc(slices.Clone(keyAlgorithms), func(a string) bool { return slices.Contains(first, a) })...)
}

// check is called when the host has proven that it holds the key.
func (j *judgement) check(ctx context.Context) ssh.HostKeyCallback {
	return func(_ string, _ net.Addr, key ssh.PublicKey) error {
		if err := strong(key); err != nil {
			return err
		}
		raw := key.Marshal()
		switch sum := sha256.Sum256(raw); {
		case j.pin != [32]byte{}:
			if sum != j.pin {
				return &Untrusted{ssh.FingerprintSHA256(key), "SHA256:" + base64.RawStdEncoding.EncodeToString(j.pin[:])}
			}
		case j.known == nil:
			if err := j.keys.Pin(ctx, j.address, raw); err != nil {
				return fmt.Errorf("%w: %w", errKeys, err)
			}
		case !bytes.Equal(raw, j.known.Marshal()):
			return &Untrusted{ssh.FingerprintSHA256(key), ssh.FingerprintSHA256(j.known)}
		}
		j.ok = true
		return nil
	}
}
