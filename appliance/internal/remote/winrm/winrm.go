// Package winrm runs commands on Windows hosts by WinRM: WS-Management's text
// shell over one authenticated connection a host, sealed by NTLM or Kerberos,
// or under TLS, and never otherwise unless the endpoint says so (DESIGN D27;
// docs/winrm.md says what was seen to work and how).
//
// A Road takes an Endpoint, a Credential and a Command, and gives an Output:
// standard output, standard error and the exit code of a command that ended.
// Anything else is an error that answers errors.Is for what a caller decides
// by: ErrUnreachable, ErrAuth, ErrNotNow, ErrUntrusted, ErrUnsealed, ErrQuota,
// ErrTimeout, ErrReply, ErrTooMuch; or it is a *Fault, the host's own refusal. Times are
// time.Duration, sizes bytes. The context is honoured wherever something waits.
//
// Commands to one host take turns on its connection. Every shell is deleted,
// after a cancelled command too, on a connection of its own if need be.
package winrm

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
	"github.com/osiriscare/osiris/appliance/internal/remote/winrm/kerberos"
)

// Config is how hosts are spoken to. The zero value of each field is a default.
type Config struct {
	// KDCs finds a realm's KDCs; without, Kerberos is refused.
	KDCs kerberos.KDCs
	// Connections to one host at a time; 1.
	Connections int
	// MaxAge is how long an authenticated connection is kept; 300 s.
	MaxAge time.Duration
	// DialTimeout limits connecting and the TLS handshake; 10 s.
	DialTimeout time.Duration
	// OperationTimeout is after what time a host answers that there is
	// nothing yet; 20 s.
	OperationTimeout time.Duration
	// Patience is how much longer than that an answer is waited for; 10 s.
	Patience time.Duration
	// Cleanup limits the deletion of a shell; 5 s.
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
	set(&c.DialTimeout, 10*time.Second)
	set(&c.OperationTimeout, 20*time.Second)
	set(&c.Patience, 10*time.Second)
	set(&c.Cleanup, 5*time.Second)
	set(&c.Limit, 15*time.Minute)
	set(&c.RetryDelay, 30*time.Second)
	if c.Retries == 0 {
		c.Retries = 2
	}
	if c.Connections == 0 {
		c.Connections = 1
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
	cfg     Config
	log     *slog.Logger
	tickets *kerberos.Client
	hosts   *roster.Roster[Endpoint, *host]

	// What outlives a Run: shells of cancelled commands being deleted.
	background context.Context //nolint:containedctx // ends with Close, not with any caller's context
	stop       context.CancelFunc
	wg         sync.WaitGroup
}

// New returns a Road; Close ends it.
func New(cfg Config, log *slog.Logger) *Road {
	r := &Road{cfg: cfg.withDefaults(), log: log}
	r.hosts = roster.New(func(e Endpoint) *host { return newHost(r, e) })
	r.background, r.stop = context.WithCancel(context.Background())
	if cfg.KDCs != nil {
		r.tickets = kerberos.New(cfg.KDCs)
	}
	return r
}

// Close ends the deletion of shells that still goes on and closes every
// connection. Runs that are under way fail.
func (r *Road) Close() {
	hosts := r.hosts.Close()
	r.stop()
	for _, h := range hosts {
		h.close()
	}
	r.wg.Wait()
}

// Run runs a command. A failure before the command was sent is tried again if
// it may pass; after that only an Idempotent command is.
func (r *Road) Run(ctx context.Context, endpoint Endpoint, credential Credential, command Command) (Output, error) {
	if err := errors.Join(endpoint.validate(), credential.validate(endpoint), command.validate()); err != nil {
		return Output{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if credential.Method == Kerberos && r.tickets == nil {
		return Output{}, fmt.Errorf("%w: no kdc is configured", ErrInvalid)
	}
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Limit)
	defer cancel()
	plan := attempt.Plan{Retries: r.cfg.Retries, Delay: r.cfg.RetryDelay, Passes: passes}
	out, err := attempt.Do(ctx, plan, command.Idempotent, func() (Output, bool, error) {
		return r.once(ctx, endpoint, credential, command)
	})
	if err != nil {
		return Output{}, fmt.Errorf("running a command on %s: %w", endpoint.Host, err)
	}
	return out, nil
}

// once is one attempt; started tells that the command may have begun.
func (r *Road) once(ctx context.Context, endpoint Endpoint, credential Credential, command Command) (Output, bool, error) {
	h, leave, err := r.hosts.Take(endpoint)
	if err != nil {
		return Output{}, false, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	if err := h.acquire(ctx); err != nil {
		leave()
		return Output{}, false, err
	}
	s := &shell{road: r, host: h, credential: credential}
	out, err := s.run(ctx, command)
	if !s.left() {
		h.release()
		leave()
		return out, s.started, err
	}
	// The turn ends with the deletion, the caller does not wait for it.
	r.wg.Go(func() {
		defer leave()
		defer h.release()
		s.remove(r.background)
	})
	return out, s.started, err
}
