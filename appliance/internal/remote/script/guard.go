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
	// mostTries is how many hosts may have an unproven credential at a time, when
	// each in turn takes longer than that. Lockout thresholds begin at three to five.
	mostTries = 3
	// provenFor is how long an accepted logon says that the password is right. It
	// outlasts the pauses within a sweep, and not those between two.
	provenFor = time.Minute
)

// verdictOnLogin is what a host said about a credential.
type verdictOnLogin int

const (
	nothing verdictOnLogin = iota
	accepted
	refused
	// declined is a host's no to a ticket: the KDC had taken the password.
	declined
)

// login is one use of a credential.
type login struct {
	name, version, host string
	// shared accounts are the same on many hosts.
	shared bool
	// tickets of Kerberos prove it: the host learns nothing of the password.
	tickets bool
}

// guard keeps a wrong password from locking accounts. A shared account that no
// host has accepted within a minute is tried on one host at a time; one refusal ends
// its use everywhere for a while. A refusal on a host also ends its use there for an
// hour. Where a host that never accepted it refuses, as anybody's new computer may,
// those that did accept it are asked: one that does so again proves that the host is
// at fault. A rotated credential starts anew.
type guard struct {
	mu    sync.Mutex
	known map[string]*standingOf // by credential's name
}

// standingOf is what is known of one credential.
type standingOf struct {
	version string
	proven  bool                 // some host accepted it since it was last refused
	at      time.Time            // when one did last
	strikes int                  // refusals since
	until   time.Time            // held back everywhere
	hosts   map[string]time.Time // held back there
	took    map[string]bool      // hosts that accepted it, and did not refuse it since
	doubt   time.Time            // until then only those are asked
	turn    chan struct{}        // holds the right to try while it is not proven
	tries   chan struct{}        // holds one for each try that has not ended
}

func newGuard() *guard { return &guard{known: map[string]*standingOf{}} }

func (g *guard) of(l login) *standingOf {
	s := g.known[l.name]
	if s == nil || s.version != l.version {
		s = &standingOf{version: l.version, hosts: map[string]time.Time{}, took: map[string]bool{}, turn: make(chan struct{}, 1), tries: make(chan struct{}, mostTries)}
		g.known[l.name] = s
	}
	return s
}

// use asks whether the credential may be tried on the host now, waiting while
// another host tries it first. The caller says what came of it.
func (g *guard) use(ctx context.Context, l login) (done func(verdictOnLogin), err error) {
	g.mu.Lock()
	s := g.of(l)
	trying := l.shared && !s.fresh()
	err = s.held(l)
	g.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if !trying {
		return func(v verdictOnLogin) { g.note(l, s, v) }, nil
	}
	return g.try(ctx, l, s)
}

// try waits for the turn of an unproven credential.
func (g *guard) try(ctx context.Context, l login, s *standingOf) (done func(verdictOnLogin), err error) {
	for _, room := range []chan struct{}{s.tries, s.turn} {
		select {
		case room <- struct{}{}:
			continue
		case <-ctx.Done():
		}
		if room == s.turn {
			<-s.tries
		}
		return nil, ctx.Err()
	}
	g.mu.Lock()
	err, proven := s.held(l), s.fresh()
	g.mu.Unlock()
	give := sync.OnceFunc(func() { <-s.turn })
	if err != nil || proven {
		give()
		<-s.tries
		if err != nil {
			return nil, err
		}
		return func(v verdictOnLogin) { g.note(l, s, v) }, nil
	}
	alone := time.AfterFunc(tryAlone, give)
	return func(v verdictOnLogin) {
		g.note(l, s, v)
		alone.Stop()
		give()
		<-s.tries
	}, nil
}

// fresh tells whether a host accepted it of late; the guard's mu is held.
func (s *standingOf) fresh() bool { return s.proven && time.Since(s.at) < provenFor }

func (s *standingOf) held(l login) error {
	now := time.Now()
	if now.Before(s.until) || now.Before(s.hosts[l.host]) || now.Before(s.doubt) && !s.took[l.host] {
		return ErrHeld
	}
	return nil
}

func (g *guard) note(l login, s *standingOf, v verdictOnLogin) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	switch v {
	case accepted:
		delete(s.hosts, l.host)
		s.took[l.host] = true
		s.proven, s.strikes, s.at, s.doubt = true, 0, now, time.Time{}
	case refused:
		s.hosts[l.host] = now.Add(restAfterProof)
		if l.shared {
			s.strike(l.host, now)
		}
	case declined:
		s.hosts[l.host] = now.Add(restAfterDoubt)
	case nothing:
	}
}

// strike holds a shared account back after a refusal. A host that never accepted it
// does not do so where others did: they are asked. Of a wrong password that is two
// failed logons an hour.
func (s *standingOf) strike(host string, now time.Time) {
	known := s.took[host]
	delete(s.took, host)
	if !known && len(s.took) > 0 {
		s.proven, s.doubt = false, now.Add(restAfterProof)
		s.strikes++
		return
	}
	rest := restAfterProof
	if s.proven && s.strikes == 0 {
		rest = restAfterDoubt
	}
	s.until, s.proven = now.Add(rest), false
	s.strikes++
}
