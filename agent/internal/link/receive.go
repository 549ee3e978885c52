package link

import (
	"context"
	"errors"
	"time"

	"github.com/osiriscare/osiris/proto/compliance/v1/compliancelite"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
)

// errDrain ends a session because the appliance is stopping.
var errDrain = errors.New("the appliance is stopping")

// Bounds of what the appliance may send beside acknowledgements that advance:
// a burst at the start, then a trickle. Honest sessions need a few a minute.
const (
	inboxBurst     = 200
	inboxPerSecond = 10
)

// receive acts on messages until the stream ends or one is bad.
func (s *session) receive(ctx context.Context) error {
	s.inbox = bucket{left: inboxBurst, burst: inboxBurst, perSecond: inboxPerSecond, last: time.Now()}
	for {
		m, err := s.next(ctx)
		if err != nil {
			return connectionError(s.conn, "receiving", err)
		}
		useful, err := s.handle(m)
		if err != nil {
			return err
		}
		if !useful && !s.inbox.take(time.Now()) {
			return errors.New("the appliance sends too many messages")
		}
	}
}

// handle acts on one message; useful ones do not count against the bucket.
func (s *session) handle(m *compliancelite.ApplianceMessage) (useful bool, err error) {
	switch body := m.Body.(type) {
	case *compliancelite.ApplianceMessage_Ack:
		return s.acknowledge(body.Ack)
	case *compliancelite.ApplianceMessage_Command:
		return false, s.link.Commands.Submit(&s.order, body.Command)
	case *compliancelite.ApplianceMessage_Policy:
		s.applyPolicy(body.Policy.GetTrust(), body.Policy.GetPolicy())
		return false, nil
	case *compliancelite.ApplianceMessage_StateRequest:
		return false, s.link.report("requested")
	case *compliancelite.ApplianceMessage_Drain:
		s.retryDelay = max(s.retryDelay, time.Duration(body.Drain.GetRetryDelayMs())*time.Millisecond)
		return false, errDrain
	default: // a second Welcome, or something newer than this agent
		return false, nil
	}
}

func (s *session) acknowledge(ack *compliancelite.Ack) (advanced bool, err error) {
	id := s.link.Queue.ID()
	if string(ack.GetQueueId()) != string(id[:]) {
		return false, errors.New("the appliance acknowledges another queue")
	}
	advanced, err = s.flight.acknowledge(ack.Through)
	if err != nil || !advanced {
		return false, err
	}
	if err := s.link.Queue.Ack(ack.Through); err != nil {
		return false, err
	}
	s.link.Log.Debug("record acked", "through", ack.Through)
	return true, nil
}

// applyPolicy takes what verifies and is not older; the rest is logged, and the
// session goes on with what is held.
func (s *session) applyPolicy(chain *trustlite.TrustChain, envelope *trustlite.SignedEnvelope) {
	l := s.link
	changed, err := l.Policy.Apply(chain, envelope)
	if err != nil {
		l.Log.Warn("policy refused", "error", err)
	}
	if !changed {
		return
	}
	trustVersion, policyVersion := l.Policy.Versions()
	l.Log.Info("policy applied", "trust_version", trustVersion, "policy_version", policyVersion,
		"tier", int(l.Policy.Tier(s.order.AgentID, l.Policy.NowMs())))
	l.State.Replan()
}

// bucket is a token bucket.
type bucket struct {
	left, burst, perSecond float64
	last                   time.Time
}

func (b *bucket) take(now time.Time) bool {
	b.left = min(b.burst, b.left+now.Sub(b.last).Seconds()*b.perSecond)
	b.last = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}
