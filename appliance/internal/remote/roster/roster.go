// Package roster keeps what a road knows of the hosts it reaches, WinRM's and
// SSH's alike (DESIGN D27): one value a host, made when it is first needed, shared by
// all who use it at a time, and forgotten when nobody does and it is idle, that is,
// has no connection left and no refusal to remember. Refusal is that memory.
//
// A Roster is safe for concurrent use. It holds its lock while it asks a host whether
// it is idle, so hosts ask the roster nothing while they hold theirs. ErrClosed comes
// after Close.
package roster

import (
	"errors"
	"sync"
)

// ErrClosed means that the road ended.
var ErrClosed = errors.New("the road is closed")

// Host is what is kept of one.
type Host interface {
	comparable
	// Idle tells that nothing is worth keeping.
	Idle() bool
}

// Roster has the hosts by their endpoints.
type Roster[E comparable, H Host] struct {
	create func(E) H

	mu     sync.Mutex
	hosts  map[E]*place[H]
	closed bool
}

type place[H Host] struct {
	host  H
	users int
}

// New makes an empty roster; create makes a host of an endpoint.
func New[E comparable, H Host](create func(E) H) *Roster[E, H] {
	return &Roster[E, H]{create: create, hosts: map[E]*place[H]{}}
}

// Take gives the host of an endpoint to one more user, who calls leave once.
func (r *Roster[E, H]) Take(e E) (h H, leave func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return h, nil, ErrClosed
	}
	p := r.hosts[e]
	if p == nil {
		p = &place[H]{host: r.create(e)}
		r.hosts[e] = p
	}
	p.users++
	return p.host, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		p.users--
		r.drop(e, p)
	}, nil
}

// Forget drops the host of an endpoint if nobody uses it and it is idle. A host
// calls it when it may have become so.
func (r *Roster[E, H]) Forget(e E, h H) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.hosts[e]; p != nil && p.host == h {
		r.drop(e, p)
	}
}

// drop is called with mu held.
func (r *Roster[E, H]) drop(e E, p *place[H]) {
	if p.users == 0 && r.hosts[e] == p && p.host.Idle() {
		delete(r.hosts, e)
	}
}

// Close empties the roster and gives what was in it, for the road to end.
func (r *Roster[E, H]) Close() []H {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	out := make([]H, 0, len(r.hosts))
	for _, p := range r.hosts {
		out = append(out, p.host)
	}
	clear(r.hosts)
	return out
}
