package link

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/osiriscare/osiris/agent/internal/action"
	"github.com/osiriscare/osiris/agent/internal/grpcwire"
	"github.com/osiriscare/osiris/agent/internal/httpwire"
	"github.com/osiriscare/osiris/agent/internal/identity"
	"github.com/osiriscare/osiris/agent/internal/queue"
	"github.com/osiriscare/osiris/agent/internal/wire"
)

// Bounds of what the appliance may ask for in Welcome.
const (
	defaultInFlight   = 256 << 10
	leastInFlight     = 16 << 10
	mostInFlight      = 4 << 20
	defaultHeartbeat  = 30 * time.Second
	shortestHeartbeat = time.Second
	longestHeartbeat  = 5 * time.Minute
)

// stream carries a session's messages; *grpcwire.Stream and *httpwire.Conn do.
type stream interface {
	Send(ctx context.Context, message []byte) error
	Recv(ctx context.Context) ([]byte, error)
}

// session is one connection and its Connect stream, or the posts that stand for
// it.
type session struct {
	link   *Link
	posts  bool
	conn   transport
	stream stream
	order  action.Session // what commands are bound to
	flight flight
	inbox  bucket

	heartbeat  time.Duration
	welcomed   time.Time // zero before
	useful     bool      // a record was made durable
	retryDelay time.Duration
}

// run opens a session and works until it ends; the error says why.
func (s *session) run(ctx context.Context) error {
	var peer identity.Peer
	conn, err := s.link.dial(ctx, s.posts, &peer)
	if err != nil {
		return err
	}
	s.conn = conn
	err = s.speak(ctx, &peer)
	_ = conn.Close() // nothing is left to say on it
	return err
}

// speak is run on a connection to the peer.
func (s *session) speak(ctx context.Context, peer *identity.Peer) (err error) {
	conn := s.conn
	if err := s.link.renew(ctx, conn, peer.ClockSuspect); err != nil {
		return err
	}
	life := never
	if s.posts {
		life = s.link.postsLife
	}
	ctx, cancel := context.WithTimeout(ctx, life)
	defer cancel()
	switch c := conn.(type) {
	case *httpwire.Conn:
		s.stream = c
	case *grpcwire.Conn:
		if s.stream, err = c.Open(ctx, connectMethod); err != nil {
			return connectionError(conn, "opening session", err)
		}
	}
	s.order = action.Session{AgentID: s.link.Identity.AgentID(), ClockSuspect: peer.ClockSuspect}
	_, _ = rand.Read(s.order.Nonce[:]) // never fails since Go 1.24
	if err := s.greet(ctx); err != nil {
		s.link.expired = peer.ClockSuspect && grpcwire.Code(err) == grpcwire.PermissionDenied
		return err
	}
	if !s.posts {
		s.link.away.Store(0)
	}
	asks := s.link.Updates != nil && !s.posts
	if asks {
		s.link.Updates.Online(conn)
	}
	s.link.Log.Info("connected", "agent_id", s.order.AgentID, "peer", peer.Name, "posts", s.posts,
		"tls_resumed", conn.TLS().ConnectionState().DidResume, "clock_suspect", peer.ClockSuspect)
	err = s.work(ctx, cancel)
	if asks {
		s.link.Updates.Online(nil)
	}
	return err
}

// never is the life of a session that has no end.
const never = 100 * 365 * 24 * time.Hour

// work receives on one goroutine and sends on this one; the first to end ends
// both.
func (s *session) work(ctx context.Context, cancel context.CancelFunc) error {
	received := make(chan error, 1)
	go func() {
		received <- s.receive(ctx)
		cancel()
	}()
	sent := s.send(ctx)
	cancel()
	if err := <-received; err != nil && !isCancel(err) {
		return err
	}
	return sent
}

func isCancel(err error) bool {
	return errors.Is(err, context.Canceled) || grpcwire.Code(err) == grpcwire.Canceled
}

// greet sends Hello and acts on Welcome.
func (s *session) greet(ctx context.Context) error {
	hello, err := s.hello()
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	sent := time.Now()
	if err := s.stream.Send(limited, wire.AppendBytes(nil, wire.AgentHello, wire.Encode(hello))); err != nil {
		return connectionError(s.conn, "sending hello", err)
	}
	answer, err := s.next(limited)
	if err != nil {
		return connectionError(s.conn, "waiting for welcome", err)
	}
	if answer.Welcome == nil {
		return errors.New("the appliance's first message is not a welcome")
	}
	var welcome wire.Welcome
	if err := wire.Decode(answer.Welcome, &welcome); err != nil {
		return err
	}
	s.link.told.keep(welcome.ServerMs, time.Since(sent))
	return s.welcome(&welcome)
}

func (s *session) hello() (*wire.Hello, error) {
	l := s.link
	open, err := l.Commands.Open()
	if err != nil {
		return nil, err
	}
	queueID, digest := l.Queue.ID(), l.State.Digest()
	trustVersion, policyVersion := l.Policy.Versions()
	signatureVersion := uint64(0)
	if l.Signatures != nil {
		signatureVersion = l.Signatures.Version()
	}
	return &wire.Hello{
		QueueID: queueID[:], First: l.Queue.First(), Next: l.Queue.Next(),
		PolicyVersion: policyVersion, TrustVersion: trustVersion, VerdictDigest: digest[:],
		SessionNonce: s.order.Nonce[:], Host: wire.Encode(l.Host()), SentMs: time.Now().UnixMilli(),
		StoreID: l.storeID, ClockSuspect: s.order.ClockSuspect, OpenCommands: open,
		SignatureVersion: signatureVersion,
	}, nil
}

// welcome brings both sides in step.
func (s *session) welcome(w *wire.Welcome) error {
	l := s.link
	s.retryDelay = time.Duration(w.RetryDelayMs) * time.Millisecond
	if w.AgentID != s.order.AgentID {
		return errors.New("the appliance takes this agent for another")
	}
	if len(w.StoreID) != 16 || (w.AckedThrough != 0 && len(w.AckedRecordID) != 16) {
		return errors.New("the appliance's welcome is malformed")
	}
	s.applyPolicy(w.Trust, w.Policy)
	s.applySignatures(w.Signatures)
	var recordID [16]byte
	copy(recordID[:], w.AckedRecordID)
	outcome, err := l.Queue.Reconcile(w.AckedThrough, recordID)
	if err != nil {
		return err
	}
	if outcome.Kind != queue.OutcomeInStep {
		l.Log.Info("queue reconciled", "outcome", outcome.Kind.String(), "from", outcome.From, "to", outcome.To)
	}
	if outcome.Kind == queue.OutcomeRenewed {
		return fmt.Errorf("%w: the queue has a new id", errAgain)
	}
	isNew, err := l.setStore(w.StoreID)
	if err != nil {
		return err
	}
	if w.StateWanted || isNew {
		cause := "digest"
		if isNew {
			cause = "new_store"
		}
		if err := l.report(cause); err != nil {
			return err
		}
	}
	s.heartbeat = defaultHeartbeat
	if w.HeartbeatIntervalMs != 0 {
		s.heartbeat = min(max(time.Duration(w.HeartbeatIntervalMs)*time.Millisecond, shortestHeartbeat), longestHeartbeat)
	}
	inFlight := defaultInFlight
	if w.MaxInFlightBytes != 0 {
		inFlight = int(min(max(w.MaxInFlightBytes, leastInFlight), mostInFlight))
	}
	s.flight.start(l.Queue.First()-1, inFlight)
	s.welcomed = time.Now()
	return nil
}

// next receives one message.
func (s *session) next(ctx context.Context) (*wire.ApplianceMessage, error) {
	body, err := s.stream.Recv(ctx)
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the appliance closed the session")
	}
	if err != nil {
		return nil, err
	}
	m := &wire.ApplianceMessage{}
	if err := wire.Decode(body, m); err != nil {
		return nil, fmt.Errorf("decoding message: %w", err)
	}
	return m, nil
}
