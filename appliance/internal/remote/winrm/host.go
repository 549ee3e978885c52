package winrm

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote/roster"
)

// refusedFor is how long a credential that a host refused is not shown to it
// again: half of Windows' usual lockout window, so that a loop somewhere does
// not lock the account.
const refusedFor = 5 * time.Minute

// host is what is kept of an endpoint.
type host struct {
	road     *Road
	endpoint Endpoint
	turns    chan struct{} // one token for each connection that may exist

	mu      sync.Mutex
	free    []*conn
	all     map[*conn]struct{}
	closed  bool
	refused roster.Refusal
}

func newHost(r *Road, e Endpoint) *host {
	h := &host{road: r, endpoint: e, turns: make(chan struct{}, r.cfg.Connections), all: map[*conn]struct{}{}}
	for range r.cfg.Connections {
		h.turns <- struct{}{}
	}
	return h
}

// acquire waits for a turn.
func (h *host) acquire(ctx context.Context) error {
	select {
	case <-h.turns:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: waiting for other commands on %s: %w", ErrTimeout, h.endpoint.Host, context.Cause(ctx))
	}
}

func (h *host) release() { h.turns <- struct{}{} }

// Idle implements roster.Host.
func (h *host) Idle() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.all) == 0 && !h.refused.Lasts()
}

// connection returns a kept connection of this credential, or a new one.
func (h *host) connection(ctx context.Context, credential Credential) (*conn, error) {
	owner := credential.sum()
	c, err := h.kept(owner)
	if c != nil || err != nil {
		return c, err
	}
	return h.connect(ctx, credential, owner)
}

func (h *host) kept(owner [32]byte) (*conn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refused.Holds(owner) {
		return nil, fmt.Errorf("%w: less than %s ago, not shown again yet", ErrAuth, refusedFor)
	}
	var found *conn
	var others []*conn
	for _, c := range h.free {
		switch {
		case c.owner != owner || time.Since(c.born) >= h.road.cfg.MaxAge:
			h.discard(c)
		case found == nil:
			found = c
		default:
			others = append(others, c)
		}
	}
	h.free = others
	return found, nil
}

// discard is called with mu held.
func (h *host) discard(c *conn) {
	c.close()
	delete(h.all, c)
}

func (h *host) connect(ctx context.Context, credential Credential, owner [32]byte) (*conn, error) {
	dialing, cancel := context.WithTimeoutCause(ctx, h.road.cfg.DialTimeout, errSilent)
	defer cancel()
	nc, err := h.road.cfg.Dial(dialing, "tcp", h.endpoint.address())
	if err != nil {
		return nil, h.dialError(ctx, dialing, err)
	}
	var sum []byte
	if !h.endpoint.HTTP {
		t, bound, err := secure(dialing, nc, h.endpoint, credential)
		if err != nil {
			_ = nc.Close() // it never became anything
			return nil, h.dialError(ctx, dialing, err)
		}
		nc, sum = t, bound
	}
	l := &limited{Conn: nc}
	c := &conn{endpoint: h.endpoint, patience: h.road.cfg.OperationTimeout + h.road.cfg.Patience, nc: nc, limited: l, reader: bufio.NewReader(l), born: time.Now(), owner: owner}
	if err := c.prepare(h.road, credential, sum); err != nil {
		c.close()
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		c.close()
		return nil, fmt.Errorf("%w: the road is closed", ErrUnreachable)
	}
	h.all[c] = struct{}{}
	c.expiry = time.AfterFunc(h.road.cfg.MaxAge, h.expire)
	return c, nil
}

// dialError tells our patience from the caller's.
func (h *host) dialError(ctx, dialing context.Context, err error) error {
	var n net.Error
	switch {
	case errors.Is(err, ErrUntrusted), ctx.Err() != nil:
		return err
	case dialing.Err() != nil, errors.As(err, &n) && n.Timeout():
		return fmt.Errorf("%w: connecting to %s: %w", ErrUnreachable, h.endpoint.address(), errSilent)
	}
	return fmt.Errorf("%w: connecting to %s: %w", ErrUnreachable, h.endpoint.address(), err)
}

// put gives a connection back.
func (h *host) put(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.broken || h.closed || time.Since(c.born) >= h.road.cfg.MaxAge {
		h.discard(c)
		return
	}
	h.free = append(h.free, c)
}

// expire closes kept connections that are too old, and forgets the host when
// nothing is left.
func (h *host) expire() {
	h.mu.Lock()
	young := h.free[:0]
	for _, c := range h.free {
		if time.Since(c.born) >= h.road.cfg.MaxAge {
			h.discard(c)
			continue
		}
		young = append(young, c)
	}
	h.free = young
	h.mu.Unlock()
	h.road.hosts.Forget(h.endpoint, h)
}

// refuse remembers that the host does not accept a credential.
func (h *host) refuse(credential Credential) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refused.Note(credential.sum(), refusedFor)
	time.AfterFunc(refusedFor, h.expire)
}

// close ends everything, also what is in use.
func (h *host) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for c := range h.all {
		_ = c.nc.Close() // whoever uses it finds out
		if c.expiry != nil {
			c.expiry.Stop()
		}
	}
	h.free, h.all = nil, map[*conn]struct{}{}
}
