package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/osiriscare/osiris/agent/internal/httpwire"
	"github.com/osiriscare/osiris/agent/internal/identity"
	"github.com/osiriscare/osiris/agent/internal/wire"
)

const (
	reportMethod = "/compliance.v1.ComplianceAgent/ReportDrift"
	// fallbackPort is where an appliance takes HTTP/1.1 unless told otherwise (D6).
	fallbackPort = "8443"
	// fallbackAfter is how many sessions must have failed in a row.
	fallbackAfter = 3
	// gather is how long a new record waits for company before it is posted.
	gather = time.Second
	// vainLimit is how many posts in a row may bring nothing forward.
	vainLimit = 3
)

var errVain = errors.New("the appliance takes none of the records that are posted")

// fallbackAddr is where HTTP/1.1 is tried.
func (l *Link) fallbackAddr() string {
	if l.Fallback != "" {
		return l.Fallback
	}
	host, _, err := net.SplitHostPort(l.Addr)
	if err != nil {
		return l.Addr // dialling says what is wrong with it
	}
	return net.JoinHostPort(host, fallbackPort)
}

// wait passes a pause between two sessions. When they keep failing, records go
// out by the fallback at its beginning and whenever there are new ones.
func (l *Link) wait(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		var news <-chan struct{}
		if l.pause.failures >= fallbackAfter && !time.Now().Before(l.postAfter) {
			if err := l.fallBack(ctx); err == nil {
				news = l.Queue.Notify()
			} else if ctx.Err() == nil {
				l.Log.Warn("fallback failed", "addr", l.fallbackAddr(), "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-l.woke:
			l.pause.failures = 0
			return
		case <-timer.C:
			return
		case <-news:
			select {
			case <-ctx.Done():
				return
			case <-time.After(gather):
			}
		}
	}
}

// fallBack posts what is queued, and a sign of life when nothing is.
func (l *Link) fallBack(ctx context.Context) error {
	for range againLimit {
		if err := l.posts(ctx); !errors.Is(err, errAgain) {
			return err
		}
	}
	return errAgain
}

// posts makes one connection's worth of posts.
func (l *Link) posts(ctx context.Context) error {
	var peer identity.Peer
	conn, err := l.dialFallback(ctx, &peer)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing is left to say on it
	if err := l.renew(ctx, conn, peer.ClockSuspect); err != nil {
		return err
	}
	s := &session{link: l}
	s.begin(&peer)
	for vain := 0; vain < vainLimit; vain++ {
		before := l.Queue.First()
		if err := s.post(ctx, conn); err != nil {
			return err
		}
		if l.Queue.First() == l.Queue.Next() {
			l.Log.Info("reported over the fallback", "addr", l.fallbackAddr(), "through", l.Queue.First()-1)
			return nil
		}
		if !conn.Usable() {
			return nil // the rest goes out in the next pause
		}
		if l.Queue.First() > before {
			vain = -1
		}
	}
	return errVain
}

func (l *Link) dialFallback(ctx context.Context, peer *identity.Peer) (*httpwire.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	secure, err := l.shake(ctx, l.fallbackAddr(), "http/1.1", peer)
	if err != nil {
		return nil, err
	}
	return httpwire.New(secure, l.fallbackAddr()), nil
}

// post sends one batch, as a session does with Hello and Report, and takes the
// answers that a session would have got.
func (s *session) post(ctx context.Context, conn *httpwire.Conn) error {
	l := s.link
	hello, err := s.hello()
	if err != nil {
		return err
	}
	report, records, err := l.read(l.Queue.First()-1, batchBytes)
	if err != nil {
		return err
	}
	last := l.Queue.First() - 1
	if len(records) > 0 {
		last = records[len(records)-1].Seq
	}
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	defer func() { l.postAfter = time.Now().Add(conn.RetryAfter()) }()
	// ReportDriftRequest and its answer number their fields as AgentMessage and
	// ApplianceMessage do.
	request := wire.AppendBytes(nil, wire.AgentHello, wire.Encode(hello))
	answer, err := conn.Invoke(ctx, reportMethod, wire.AppendBytes(request, wire.AgentReport, wire.Encode(report)))
	if err != nil {
		return fmt.Errorf("posting records: %w", err)
	}
	var m wire.ApplianceMessage
	var welcome wire.Welcome
	var ack wire.Ack
	if err := errors.Join(wire.Decode(answer, &m), wire.Decode(m.Welcome, &welcome), wire.Decode(m.Ack, &ack)); err != nil {
		return err
	}
	queueID := string(report.QueueID)
	if string(ack.QueueID) != queueID || ack.Through > last {
		return errAckAhead
	}
	if err := s.welcome(&welcome); err != nil {
		return err
	}
	return l.Queue.Ack(ack.Through)
}

// caller is a connection of either kind.
type caller interface {
	identity.Caller
	Close() error
}

// reach connects to either port, for calls that both take.
func (l *Link) reach(ctx context.Context) (caller, error) {
	var peer identity.Peer
	conn, err := l.dial(ctx, &peer)
	if err == nil {
		return conn, nil
	}
	other, late := l.dialFallback(ctx, &peer)
	if late == nil {
		return other, nil
	}
	return nil, errors.Join(err, late)
}
