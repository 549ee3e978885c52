// Package link is the agent's connection to its appliance (DESIGN D4-D8, D11,
// D15): it dials, renews the certificate, opens the session, sends queued
// records, and takes acknowledgements, policy and commands. One session at a
// time; when it ends, for whatever reason, another is tried after a pause that
// grows. When none can be opened by gRPC, one is made of HTTP/1.1 posts for a
// while; it brings no commands. A machine that slept, or whose clock was set,
// opens its session anew within seconds (wake.go). Nothing is lost with a session: records wait in the queue, commands in
// the journal. Times are Unix milliseconds, sizes bytes. An appliance that
// misbehaves costs it the session and us a pause; it never makes us spin.
package link

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/osiriscare/osiris/agent/internal/action"
	"github.com/osiriscare/osiris/agent/internal/dial"
	"github.com/osiriscare/osiris/agent/internal/grpcwire"
	"github.com/osiriscare/osiris/agent/internal/httpwire"
	"github.com/osiriscare/osiris/agent/internal/identity"
	"github.com/osiriscare/osiris/agent/internal/policy"
	"github.com/osiriscare/osiris/agent/internal/queue"
	"github.com/osiriscare/osiris/agent/internal/say"
	"github.com/osiriscare/osiris/agent/internal/update"
	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/shared/check"
)

const connectMethod = "/compliance.v1.ComplianceAgent/Connect"

const (
	// fallbackPort is where an appliance takes HTTP/1.1 unless told otherwise (D6).
	fallbackPort = "8443"
	// fallbackAfter is how many sessions by gRPC must have failed in a row.
	fallbackAfter = 3
	// fallbackLife is how long a session of posts lasts before gRPC is tried again.
	fallbackLife = 5 * time.Minute
)

// answerLimit bounds dialling and each answer of the appliance.
const answerLimit = 15 * time.Second

// State is what the host's verdicts are; *schedule.Schedule is one.
type State interface {
	Digest() [32]byte
	Report(cause string) error // queues all verdicts
	Replan()                   // the policy has changed
	Failing(id check.ID) bool
}

// Commands runs what the appliance orders; *action.Runner is one.
type Commands interface {
	Submit(s *action.Session, envelope []byte) error
	Open() ([][]byte, error)
}

// Signatures keeps the list that recognises products; *signature.Signatures does.
type Signatures interface {
	Version() uint64
	Apply(envelope []byte) (changed bool, err error)
}

// Deps are what a Link needs.
type Deps struct {
	Addr       string // host:port
	Fallback   string // host:port of HTTP/1.1; empty for Addr's host at 8443
	ServerName string // exact name of the appliance; empty for the site's
	Identity   *identity.Identity
	Policy     *policy.Policy
	Queue      *queue.Queue
	State      State
	Commands   Commands
	Signatures Signatures // nil where nobody looks for products
	Updates    Updates    // nil where nobody updates the program
	Host       func() *wire.HostFacts
	Log        *say.Logger
}

// Updates asks for a newer program while a session is open; *update.Update does.
type Updates interface{ Online(c update.Caller) }

// Link keeps a session open.
type Link struct {
	Deps
	pause     pause
	storeID   []byte // of the appliance last spoken to
	stateSeq  uint64 // sequence of the last state report
	stateFor  [16]byte
	renewedAt time.Time // last try
	expired   bool      // the appliance refused us while the clock was in doubt
	began     time.Time
	postsLife time.Duration
	away      atomic.Int64 // since began, when commands could last come; 0 for now
	suspect   atomic.Bool  // clock_suspect of the last handshake
	told      told
}

// New makes a link and reads which appliance store it last spoke to.
func New(d Deps) (*Link, error) {
	l := &Link{Deps: d, began: time.Now(), postsLife: fallbackLife}
	l.away.Store(1)
	return l, l.loadStore()
}

// errAgain ends a session that is to be opened again at once, because the queue
// or the certificate is a new one.
var errAgain = errors.New("opening the session anew")

// Run keeps a session open until ctx ends; it returns nil then.
func (l *Link) Run(ctx context.Context) error {
	posts, failed := false, 0 // in a row, by gRPC
	for ctx.Err() == nil {
		s := &session{link: l, posts: posts}
		err := s.run(ctx)
		if ctx.Err() != nil {
			break
		}
		l.away.CompareAndSwap(0, int64(time.Since(l.began)))
		success := s.useful || !s.welcomed.IsZero() && time.Since(s.welcomed) >= settled
		if failed++; success && !posts {
			failed = 0
		}
		posts = !posts && failed >= fallbackAfter
		wait := l.pause.next(err, success, s.retryDelay)
		l.Log.Warn("disconnected", "error", err, "retry_in", wait)
		if slept(ctx, wait) {
			l.pause.failures = 0
		}
	}
	return nil //nolint:nilerr // the session's error was logged; ctx has ended
}

// transport is a connection of either kind.
type transport interface {
	identity.Caller
	Close() error
	Err() error
}

// dial connects, for posts or gRPC, and checks that the peer is the site's
// appliance.
func (l *Link) dial(ctx context.Context, posts bool, peer *identity.Peer) (transport, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	addr, protocol := l.Addr, "h2"
	if posts {
		addr, protocol = l.fallback(), "http/1.1"
	}
	raw, err := dial.TCP(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("dialling %s: %w", addr, err)
	}
	config := l.Identity.Config(identity.Expect{
		Roots: l.Policy.SiteRoots(), Now: time.UnixMilli(l.Policy.NowMs()), Name: l.ServerName,
	}, peer)
	config.NextProtos = []string{protocol}
	secure := tls.Client(raw, config)
	if err = secure.HandshakeContext(ctx); err == nil && secure.ConnectionState().NegotiatedProtocol != protocol {
		err = errors.New("it does not speak " + protocol)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("shaking hands with %s: %w", addr, err), raw.Close())
	}
	l.suspect.Store(peer.ClockSuspect)
	if posts {
		return httpwire.New(secure, addr), nil
	}
	return grpcwire.NewConn(ctx, secure, grpcwire.Config{Addr: addr})
}

// fallback is where HTTP/1.1 is tried.
func (l *Link) fallback() string {
	host, _, err := net.SplitHostPort(l.Addr)
	if l.Fallback != "" || err != nil {
		return l.Fallback
	}
	return net.JoinHostPort(host, fallbackPort)
}

// Enrol trades a token for an identity and keeps trust and policy.
func (l *Link) Enrol(ctx context.Context, token string) (pending bool, err error) {
	var peer identity.Peer
	conn, err := l.dial(ctx, false, &peer)
	if err != nil {
		var late error
		if conn, late = l.dial(ctx, true, &peer); late != nil {
			return false, errors.Join(err, late)
		}
	}
	limited, cancel := context.WithTimeout(ctx, answerLimit)
	answer, err := l.Identity.Register(limited, conn, token, l.Host())
	cancel()
	_ = conn.Close() // the answer is all there was to say
	if err != nil {
		return false, err
	}
	if _, err := l.Policy.Apply(answer.Trust, answer.Policy); err != nil {
		// The session's Welcome brings both again.
		l.Log.Warn("policy refused", "error", err)
	}
	return answer.Pending, nil
}

// renewPause is the least time between two tries to renew a certificate that is
// still valid.
const renewPause = 10 * time.Minute

// renew asks for the next certificate when half of this one's life is over. An
// expired one must be renewed before anything else is answered. While the clock
// is in doubt it does not say what has expired; the appliance does, by refusing.
func (l *Link) renew(ctx context.Context, conn identity.Caller, suspect bool) error {
	due, expired := l.Identity.RenewalDue(l.Policy.NowMs())
	if suspect {
		due, expired, l.expired = l.expired, l.expired, false
	}
	if !due || (!expired && !l.renewedAt.IsZero() && time.Since(l.renewedAt) < renewPause) {
		return nil
	}
	l.renewedAt = time.Now()
	limited, cancel := context.WithTimeout(ctx, answerLimit)
	quarantined, err := l.Identity.Renew(limited, conn)
	cancel()
	if err != nil && expired {
		return err
	}
	if err != nil {
		l.Log.Warn("certificate not renewed", "error", err)
		return nil
	}
	l.Log.Info("certificate renewed", "quarantined", quarantined)
	return errAgain
}

// connectionError says where a session ended when the stream only knows that
// the connection did.
func connectionError(conn transport, doing string, err error) error {
	if cause := conn.Err(); cause != nil && !errors.Is(cause, grpcwire.ErrClosed) {
		err = cause
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// standingGrace is how long there must have been no session: an appliance that
// restarts is back by then and decides for itself.
const standingGrace = 2 * time.Minute

// Standing tells whether a runbook is to be run without a command, and by which
// version of the policy: no command can come, the signed policy names it, and
// its check fails (D8). A session of posts brings no commands.
func (l *Link) Standing(runbook string, id check.ID) (s *action.Session, policyVersion uint64) {
	away := l.away.Load()
	if away == 0 || time.Since(l.began)-time.Duration(away) < standingGrace || !l.State.Failing(id) {
		return nil, 0
	}
	version, ok := l.Policy.Stands(runbook)
	if !ok {
		return nil, 0
	}
	return &action.Session{AgentID: l.Identity.AgentID(), ClockSuspect: l.suspect.Load()}, version
}
