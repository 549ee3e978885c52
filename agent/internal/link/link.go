// Package link is the agent's connection to its appliance (DESIGN D4-D8, D11,
// D15): it dials, renews the certificate, opens the session, sends queued
// records, and takes acknowledgements, policy and commands. One session at a
// time; when it ends, for whatever reason, another is tried after a pause that
// grows. When none can be opened, records go out by HTTP/1.1 posts between the
// tries (fallback.go). A machine that slept, or whose clock was set, opens its
// session anew within seconds (wake.go). Nothing is lost with a session: records wait in the queue, commands in
// the journal. Times are Unix milliseconds, sizes bytes. An appliance that
// misbehaves costs it the session and us a pause; it never makes us spin.
package link

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/agent/internal/action"
	"github.com/osiriscare/osiris/agent/internal/dial"
	"github.com/osiriscare/osiris/agent/internal/grpcwire"
	"github.com/osiriscare/osiris/agent/internal/identity"
	"github.com/osiriscare/osiris/agent/internal/policy"
	"github.com/osiriscare/osiris/agent/internal/queue"
	"github.com/osiriscare/osiris/agent/internal/say"
	"github.com/osiriscare/osiris/agent/internal/wire"
)

const connectMethod = "/compliance.v1.ComplianceAgent/Connect"

// answerLimit bounds dialling and each answer of the appliance.
const answerLimit = 15 * time.Second

// State is what the host's verdicts are; *schedule.Schedule is one.
type State interface {
	Digest() [32]byte
	Report(cause string) error // queues all verdicts
	Replan()                   // the policy has changed
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
	Host       func() *wire.HostFacts
	Log        *say.Logger
}

// Link keeps a session open.
type Link struct {
	Deps
	pause     pause
	storeID   []byte // of the appliance last spoken to
	stateSeq  uint64 // sequence of the last state report
	stateFor  [16]byte
	renewedAt time.Time // last try
	expired   bool      // the appliance refused us while the clock was in doubt
	postAfter time.Time // the fallback asked to be left alone until then
	woke      chan struct{}
	standing
}

// New makes a link and reads which appliance store it last spoke to.
func New(d Deps) (*Link, error) {
	l := &Link{Deps: d, woke: make(chan struct{}, 1)}
	l.lost()
	return l, l.loadStore()
}

// errAgain ends a session that is to be opened again at once, because the queue
// or the certificate is a new one.
var errAgain = errors.New("opening the session anew")

// Run keeps a session open until ctx ends; it returns nil then.
func (l *Link) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		l.watch(ctx)
	}()
	defer func() {
		cancel()
		<-watched
	}()
	for ctx.Err() == nil {
		s := &session{link: l}
		err := s.run(ctx)
		if ctx.Err() != nil {
			break
		}
		l.lost()
		lived := !s.welcomed.IsZero() && time.Since(s.welcomed) >= settled
		wait := l.pause.next(err, s.useful || lived, s.retryDelay)
		l.Log.Warn("disconnected", "error", err, "retry_in", wait)
		l.wait(ctx, wait)
	}
	return nil //nolint:nilerr // the session's error was logged; ctx has ended
}

// dial connects to the gRPC port.
func (l *Link) dial(ctx context.Context, peer *identity.Peer) (*grpcwire.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	secure, err := l.shake(ctx, l.Addr, "h2", peer)
	if err != nil {
		return nil, err
	}
	return grpcwire.NewConn(ctx, secure, grpcwire.Config{Addr: l.Addr})
}

// shake connects and checks that the peer is the site's appliance and speaks the
// protocol.
func (l *Link) shake(ctx context.Context, addr, protocol string, peer *identity.Peer) (*tls.Conn, error) {
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
	l.suspect(peer.ClockSuspect)
	return secure, nil
}

// Enrol trades a token for an identity and keeps trust and policy.
func (l *Link) Enrol(ctx context.Context, token string) (pending bool, err error) {
	conn, err := l.reach(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close() //nolint:errcheck // it always answers nil
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	answer, err := l.Identity.Register(ctx, conn, token, l.Host())
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
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	quarantined, err := l.Identity.Renew(ctx, conn)
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
func connectionError(conn *grpcwire.Conn, doing string, err error) error {
	if cause := conn.Err(); cause != nil && !errors.Is(cause, grpcwire.ErrClosed) {
		err = cause
	}
	return fmt.Errorf("%s: %w", doing, err)
}
