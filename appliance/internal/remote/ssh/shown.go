package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"

	"golang.org/x/crypto/ssh"
)

// errSeen ends a key exchange before anybody logs in.
var errSeen = errors.New("the key was seen")

// Shown asks a host for its keys without logging in, in the order in which the
// road prefers them, and gives the first that want takes, as the protocol carries
// it. A host that has none of those is nil; an error says why it could not be
// asked.
func (r *Road) Shown(ctx context.Context, e Endpoint, want func(fingerprint string) bool) (key []byte, err error) {
	if err := e.validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	asked := map[string]bool{}
	var last error
	for _, algorithm := range keyAlgorithms {
		public, err := r.shown(ctx, e, algorithm)
		switch {
		case errors.Is(err, ErrWeak):
			last = err
			continue // it has no such key
		case err != nil:
			return nil, fmt.Errorf("asking %s for its key: %w", e.address(), err)
		}
		fingerprint := ssh.FingerprintSHA256(public)
		if !asked[fingerprint] && want(fingerprint) {
			return public.Marshal(), nil
		}
		asked[fingerprint] = true
	}
	if len(asked) == 0 {
		return nil, fmt.Errorf("asking %s for its key: %w", e.address(), last)
	}
	return nil, nil
}

func (r *Road) shown(ctx context.Context, e Endpoint, algorithm string) (key ssh.PublicKey, err error) {
	dialing, cancel := context.WithTimeoutCause(ctx, r.cfg.DialTimeout, errSilent)
	defer cancel()
	nc, err := r.cfg.Dial(dialing, "tcp", e.address())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, cause(err))
	}
	defer nc.Close() //nolint:errcheck // it never became anything
	stop := context.AfterFunc(dialing, func() { _ = nc.Close() })
	defer stop()
	_, _, _, err = ssh.NewClientConn(nc, e.address(), &ssh.ClientConfig{
		Config: ssh.Config{KeyExchanges: exchanges, Ciphers: ciphers, MACs: macs},
		HostKeyCallback: func(_ string, _ net.Addr, k ssh.PublicKey) error {
			if err := strong(k); err != nil {
				return err
			}
			key = k
			return errSeen
		},
		HostKeyAlgorithms: []string{algorithm}, ClientVersion: "SSH-2.0-osiris",
	})
	switch {
	case key != nil:
		return key, nil
	case ctx.Err() != nil:
		return nil, ended(ctx)
	case dialing.Err() != nil:
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, errSilent)
	}
	return nil, classify(err, false)
}

// Fingerprint is a key's as OpenSSH prints it, or empty for what is none.
func Fingerprint(key []byte) string {
	public, err := ssh.ParsePublicKey(key)
	if err != nil {
		return ""
	}
	return ssh.FingerprintSHA256(public)
}

// Address is how HostKeys name the endpoint: host:port.
func (e Endpoint) Address() string { return e.address() }
