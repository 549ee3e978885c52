// Package ssh runs commands on Linux hosts over SSH: one connection a host, kept
// for a while, and on it up to four commands at a time, with sudo or without
// (DESIGN D26, docs/ssh.md).
//
// A Road takes an Endpoint, a Credential and a Command, and gives an Output:
// standard output, standard error and the exit code of a command that ended.
// Anything else is an error that answers errors.Is for what a caller decides by:
// ErrUnreachable, ErrAuth, ErrUntrusted, ErrWeak, ErrSudo, ErrQuota, ErrTimeout,
// ErrReply, ErrTooMuch. Times are time.Duration, sizes bytes. The context is
// honoured wherever something waits.
//
// A host's key is pinned when it is first seen; another one is an *Untrusted until
// an operator resets the pin. Only algorithms without known weakness are offered.
// The protocol is RFC 4251 to 4254 by golang.org/x/crypto/ssh.
package ssh

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote/attempt"
	"github.com/osiriscare/osiris/appliance/internal/remote/roster"
)

// Config is how hosts are spoken to. The zero value of each field is a default.
type Config struct {
	// Sessions on one host at a time; 4. OpenSSH allows 10 on a connection, and
	// counts one that ended a moment longer than we do.
	Sessions int
	// MaxAge is how long a connection takes new commands; 300 s.
	MaxAge time.Duration
	// DialTimeout limits connecting, the key exchange and the login; 15 s: a
	// host that looks names up is slow.
	DialTimeout time.Duration
	// Cleanup is how long a host may take to close a session; 5 s. One that does
	// not loses its connection.
	Cleanup time.Duration
	// Limit bounds every run whose context has no earlier deadline; 15 min.
	Limit time.Duration
	// Retries after a failure that may pass; 2. Negative means none.
	Retries int
	// RetryDelay is before the first retry, each later one waits 1.5 times as
	// long; 30 s.
	RetryDelay time.Duration
	// MaxOutput of each stream; 4 MiB.
	MaxOutput int
	// Dial connects; net.Dialer's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

func (c Config) withDefaults() Config {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&c.MaxAge, 300*time.Second)
	set(&c.DialTimeout, 15*time.Second)
	set(&c.Cleanup, 5*time.Second)
	set(&c.Limit, 15*time.Minute)
	set(&c.RetryDelay, 30*time.Second)
	if c.Sessions == 0 {
		c.Sessions = 4
	}
	if c.Retries == 0 {
		c.Retries = 2
	}
	if c.MaxOutput == 0 {
		c.MaxOutput = 4 << 20
	}
	if c.Dial == nil {
		c.Dial = (&net.Dialer{}).DialContext
	}
	return c
}

// Road runs commands. It is safe for concurrent use.
type Road struct {
	cfg   Config
	keys  HostKeys
	log   *slog.Logger
	hosts *roster.Roster[Endpoint, *host]
	// What outlives a Run: sessions being closed, connections being watched.
	wg sync.WaitGroup
}

// New returns a Road; Close ends it.
func New(cfg Config, keys HostKeys, log *slog.Logger) *Road {
	r := &Road{cfg: cfg.withDefaults(), keys: keys, log: log}
	r.hosts = roster.New(func(e Endpoint) *host { return newHost(r, e) })
	return r
}

// Close closes every connection. Runs that are under way fail.
func (r *Road) Close() {
	for _, h := range r.hosts.Close() {
		h.close()
	}
	r.wg.Wait()
}

// Run runs a command. A failure before the command was sent is tried again if
// it may pass; after that only an Idempotent command is. A deadline ends the
// waiting, not what runs on the host.
func (r *Road) Run(ctx context.Context, endpoint Endpoint, credential Credential, command Command) (Output, error) {
	signer, err := credential.signer()
	if err = errors.Join(err, endpoint.validate(), credential.validate(), command.validate()); err != nil {
		return Output{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Limit)
	defer cancel()
	plan := attempt.Plan{Retries: r.cfg.Retries, Delay: r.cfg.RetryDelay, Passes: passes}
	out, err := attempt.Do(ctx, plan, command.Idempotent, func() (Output, bool, error) {
		return r.once(ctx, endpoint, login{credential, signer}, command)
	})
	if err != nil {
		return Output{}, fmt.Errorf("running a command on %s: %w", endpoint.Host, err)
	}
	return out, nil
}

// once is one attempt; started tells that the command may have begun.
func (r *Road) once(ctx context.Context, endpoint Endpoint, l login, command Command) (Output, bool, error) {
	h, leave, err := r.hosts.Take(endpoint)
	if err != nil {
		return Output{}, false, errClosed
	}
	defer leave()
	if err := take(ctx, h.slots); err != nil {
		return Output{}, false, fmt.Errorf("waiting for other commands: %w", err)
	}
	s, err := h.session(ctx, l)
	if err != nil {
		<-h.slots
		return Output{}, false, err
	}
	out, err := s.run(ctx, l.Credential, command)
	return out, s.started, err
}

// take waits for room in a channel.
func take(ctx context.Context, slots chan struct{}) error {
	select {
	case slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ended(ctx)
	}
}
