package script

import (
	"context"
	"sync"
	"time"
)

// How long a refused credential rests. One more try an hour locks no account:
// lockout counters are reset sooner.
const (
	// restAfterDoubt is for one that another host accepted: the host may be at
	// fault. It outlasts a sweep, which comes every 300 s at the soonest.
	restAfterDoubt = 5 * time.Minute
	restAfterProof = time.Hour
	// tryAlone is how long others wait for the first host that tries a credential.
	// A refusal comes sooner; a host that hangs delays nobody for longer.
	tryAlone = 3 * time.Second
)

// verdictOnLogin is what a host said about a credential.
type verdictOnLogin int

const (
	nothing verdictOnLogin = iota
	accepted
	refused
)

// login is one use of a credential.
type login struct {
	name, version, host string
	// shared accounts are the same on many hosts.
	shared bool
}

// guard keeps a wrong password from locking accounts. A shared account that no
// host has accepted yet is tried on one host at a time; one refusal ends its use
// everywhere for a while. A refusal on a host also ends its use there for an hour.
// A rotated credential starts anew.
type guard struct {
	mu    sync.Mutex
	known map[string]*standingOf // by credential's name
}

// standingOf is what is known of one credential.
type standingOf struct {
	version string
	proven  bool                 // some host accepted it since it was last refused
	strikes int                  // refusals since
	until   time.Time            // held back everywhere
	hosts   map[string]time.Time // held back there
	turn    chan struct{}        // holds the right to try while it is not proven
}

func newGuard() *guard { return &guard{known: map[string]*standingOf{}} }

func (g *guard) of(l login) *standingOf {
	s := g.known[l.name]
	if s == nil || s.version != l.version {
		s = &standingOf{version: l.version, hosts: map[string]time.Time{}, turn: make(chan struct{}, 1)}
		g.known[l.name] = s
	}
	return s
}

// use asks whether the credential may be tried on the host now, waiting while
// another host tries it first. The caller says what came of it.
func (g *guard) use(ctx context.Context, l login) (done func(verdictOnLogin), err error) {
	g.mu.Lock()
	s := g.of(l)
	trying := l.shared && !s.proven
	err = s.held(l)
	g.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if !trying {
		return func(v verdictOnLogin) { g.note(l, s, v) }, nil
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	g.mu.Lock()
	err, proven := s.held(l), s.proven
	g.mu.Unlock()
	give := sync.OnceFunc(func() { <-s.turn })
	if err != nil || proven {
		give()
	}
	if err != nil {
		return nil, err
	}
	alone := time.AfterFunc(tryAlone, give)
	return func(v verdictOnLogin) {
		g.note(l, s, v)
		alone.Stop()
		give()
	}, nil
}

func (s *standingOf) held(l login) error {
	now := time.Now()
	if now.Before(s.until) || now.Before(s.hosts[l.host]) {
		return ErrHeld
	}
	return nil
}

func (g *guard) note(l login, s *standingOf, v verdictOnLogin) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch v {
	case accepted:
		delete(s.hosts, l.host)
		s.proven, s.strikes = true, 0
	case refused:
		now := time.Now()
		s.hosts[l.host] = now.Add(restAfterProof)
		if !l.shared {
			return
		}
		rest := restAfterProof
		if s.proven && s.strikes == 0 {
			rest = restAfterDoubt
		}
		s.until, s.proven = now.Add(rest), false
		s.strikes++
	case nothing:
	}
}
