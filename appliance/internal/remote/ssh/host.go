package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/osiriscare/osiris/appliance/internal/remote/roster"
)

// refusedFor is how long a credential that a host refused is not shown to it
// again, so that a loop somewhere does not lock the account: half of what
// pam_faillock counts over (faillock.conf(5), fail_interval is 900 s).
const refusedFor = 450 * time.Second

// host is what is kept of an endpoint.
type host struct {
	road     *Road
	endpoint Endpoint
	slots    chan struct{} // holds one token for each session there is
	dialing  chan struct{} // holds one while somebody connects

	mu      sync.Mutex
	current *conn // takes new sessions
	all     map[*conn]struct{}
	closed  bool
	refused roster.Refusal
}

// conn is one connection that is logged in.
type conn struct {
	client   *ssh.Client
	owner    [32]byte // the credential's sum
	sessions int      // guarded by host.mu
	expiry   *time.Timer
}

func newHost(r *Road, e Endpoint) *host {
	return &host{road: r, endpoint: e, slots: make(chan struct{}, r.cfg.Sessions), dialing: make(chan struct{}, 1), all: map[*conn]struct{}{}}
}

// Idle implements roster.Host.
func (h *host) Idle() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.all) == 0 && !h.refused.Lasts()
}

// session opens a session on the connection that is kept, or on a new one when
// that has ended meanwhile.
func (h *host) session(ctx context.Context, l login) (*session, error) {
	for {
		c, kept, err := h.connection(ctx, l)
		if err != nil {
			return nil, err
		}
		s, err := h.open(ctx, c)
		var refused *ssh.OpenChannelError
		switch {
		case err == nil:
			return s, nil
		case ctx.Err() != nil:
			return nil, ended(ctx)
		case errors.As(err, &refused):
			return nil, fmt.Errorf("%w: reason %d", ErrQuota, refused.Reason)
		case !kept:
			return nil, fmt.Errorf("%w: opening a session: %w", ErrUnreachable, err)
		}
	}
}

// open opens a session. A host that does not answer in time loses the connection.
func (h *host) open(ctx context.Context, c *conn) (*session, error) {
	type result struct {
		s   *ssh.Session
		err error
	}
	opened := make(chan result, 1)
	h.road.wg.Go(func() {
		s, err := c.client.NewSession()
		opened <- result{s, err}
	})
	select {
	case r := <-opened:
		if r.err != nil {
			if refused := (*ssh.OpenChannelError)(nil); !errors.As(r.err, &refused) {
				h.retire(c)
			}
			h.leave(c)
			return nil, r.err
		}
		return &session{host: h, conn: c, ssh: r.s}, nil
	case <-ctx.Done():
		h.retire(c)
		h.road.wg.Go(func() { h.abandon(c, func() { <-opened }) })
		return nil, ended(ctx)
	}
}

// connection gives a connection of this credential with one session more counted.
// One caller at a time connects; the others then use what it got.
func (h *host) connection(ctx context.Context, l login) (c *conn, kept bool, err error) {
	if err := take(ctx, h.dialing); err != nil {
		return nil, false, fmt.Errorf("waiting for another login: %w", err)
	}
	defer func() { <-h.dialing }()
	owner := l.sum()
	if c, err := h.kept(owner); c != nil || err != nil {
		return c, true, err
	}
	client, err := h.connect(ctx, l)
	if err != nil {
		if errors.Is(err, ErrAuth) {
			h.refuse(owner)
		}
		return nil, false, err
	}
	c = &conn{client: client, owner: owner, sessions: 1}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		_ = client.Close() // the road's end is the news
		return nil, false, errClosed
	}
	h.current = c
	h.all[c] = struct{}{}
	c.expiry = time.AfterFunc(h.road.cfg.MaxAge, func() { h.retire(c) })
	h.road.wg.Go(func() { h.watch(c) })
	return c, false, nil
}

func (h *host) kept(owner [32]byte) (*conn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refused.Holds(owner) {
		return nil, fmt.Errorf("%w: less than %s ago, not shown again yet", ErrAuth, refusedFor)
	}
	if c := h.current; c != nil {
		if c.owner == owner {
			c.sessions++
			return c, nil
		}
		h.unset(c)
	}
	return nil, nil
}

// watch takes a connection away when it ends.
func (h *host) watch(c *conn) {
	_ = c.client.Wait() // every session on it learns why
	h.mu.Lock()
	delete(h.all, c)
	c.expiry.Stop()
	h.unset(c)
	h.mu.Unlock()
	h.road.hosts.Forget(h.endpoint, h)
}

// retire lets no new session onto a connection; it is closed with its last one.
func (h *host) retire(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unset(c)
}

// unset is retire with mu held.
func (h *host) unset(c *conn) {
	if h.current == c {
		h.current = nil
	}
	h.sweep(c)
}

// leave ends one session's claim on the connection.
func (h *host) leave(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.sessions--
	h.sweep(c)
}

// sweep closes a connection that is of no more use; mu is held.
func (h *host) sweep(c *conn) {
	if c.sessions == 0 && h.current != c {
		_ = c.client.Close() // nothing that was asked for depends on it
	}
}

// abandon waits for a host to finish with a session whose caller has left, and
// closes the connection if it does not.
func (h *host) abandon(c *conn, finish func()) {
	patience := time.AfterFunc(h.road.cfg.Cleanup, func() { _ = c.client.Close() })
	finish()
	patience.Stop()
	h.leave(c)
}

// refuse remembers that the host does not accept a credential.
func (h *host) refuse(owner [32]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refused.Note(owner, refusedFor)
	time.AfterFunc(refusedFor, func() { h.road.hosts.Forget(h.endpoint, h) })
}

// close ends everything, also what is in use.
func (h *host) close() {
	h.mu.Lock()
	h.closed = true
	all := h.all
	h.all = map[*conn]struct{}{}
	h.mu.Unlock()
	for c := range all {
		_ = c.client.Close() // whoever uses it finds out
	}
}

// connect makes a connection and logs in.
func (h *host) connect(ctx context.Context, l login) (*ssh.Client, error) {
	dialing, cancel := context.WithTimeoutCause(ctx, h.road.cfg.DialTimeout, errSilent)
	defer cancel()
	j, err := h.judgement(dialing)
	if err != nil {
		return nil, err
	}
	nc, err := h.road.cfg.Dial(dialing, "tcp", h.endpoint.address())
	if err == nil {
		var client *ssh.Client
		if client, err = handshake(dialing, nc, l, j); err == nil {
			return client, nil
		}
		_ = nc.Close() // it never became anything
	} else {
		err = fmt.Errorf("%w: %w", ErrUnreachable, cause(err))
	}
	switch {
	case ctx.Err() != nil:
		return nil, ended(ctx)
	case dialing.Err() != nil:
		return nil, fmt.Errorf("%w: connecting to %s: %w", ErrUnreachable, h.endpoint.address(), errSilent)
	}
	return nil, fmt.Errorf("connecting to %s: %w", h.endpoint.address(), err)
}

// handshake exchanges keys and logs in.
func handshake(ctx context.Context, nc net.Conn, l login, j *judgement) (*ssh.Client, error) {
	stop := context.AfterFunc(ctx, func() { _ = nc.Close() })
	c, channels, requests, err := ssh.NewClientConn(nc, j.address, &ssh.ClientConfig{
		Config: ssh.Config{KeyExchanges: exchanges, Ciphers: ciphers, MACs: macs},
		User:   l.User, Auth: l.methods(), HostKeyCallback: j.check(ctx), HostKeyAlgorithms: j.algorithms(),
		ClientVersion: "SSH-2.0-osiris",
	})
	if !stop() && err == nil {
		err = net.ErrClosed
	}
	if err != nil {
		return nil, classify(err, j.ok)
	}
	return ssh.NewClient(c, channels, requests), nil
}

// What is offered: no SHA-1, no CBC, no MAC before encryption. OpenSSH has had
// all of it since 6.5 (2014).
var (
	exchanges = []string{ssh.KeyExchangeMLKEM768X25519, ssh.KeyExchangeCurve25519, ssh.KeyExchangeECDHP256, ssh.KeyExchangeECDHP384, ssh.KeyExchangeECDHP521}
	ciphers   = []string{ssh.CipherAES128GCM, ssh.CipherAES256GCM, ssh.CipherChaCha20Poly1305, ssh.CipherAES256CTR, ssh.CipherAES128CTR}
	macs      = []string{ssh.HMACSHA256ETM, ssh.HMACSHA512ETM}
)
