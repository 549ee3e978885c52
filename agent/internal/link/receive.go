package link

import (
	"context"
	"errors"
	"time"

	"github.com/osiriscare/osiris/agent/internal/wire"
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
func (s *session) handle(m *wire.ApplianceMessage) (useful bool, err error) {
	switch {
	case m.Ack != nil:
		return s.acknowledge(m.Ack)
	case m.Command != nil:
		return false, s.link.Commands.Submit(&s.order, m.Command)
	case m.Policy != nil:
		var update wire.PolicyUpdate
		if err := wire.Decode(m.Policy, &update); err != nil {
			return false, err
		}
		s.applyPolicy(update.Trust, update.Policy)
	case m.Signatures != nil:
		s.applySignatures(m.Signatures)
	case m.StateRequest != nil:
		return false, s.link.report("requested")
	case m.Drain != nil:
		var drain wire.Drain
		if err := wire.Decode(m.Drain, &drain); err != nil {
			return false, err
		}
		s.retryDelay = max(s.retryDelay, time.Duration(drain.RetryDelayMs)*time.Millisecond)
		return false, errDrain
	} // else a second Welcome, or something newer than this agent
	return false, nil
}

func (s *session) acknowledge(encoded []byte) (advanced bool, err error) {
	var ack wire.Ack
	if err := wire.Decode(encoded, &ack); err != nil {
		return false, err
	}
	id := s.link.Queue.ID()
	if string(ack.QueueID) != string(id[:]) {
		return false, errors.New("the appliance acknowledges another queue")
	}
	advanced, err = s.flight.acknowledge(ack.Through)
	if err != nil || !advanced {
		return false, err
	}
	if err := s.link.Queue.Ack(ack.Through); err != nil {
		return false, err
	}
	s.useful = true
	s.link.Log.Debug("record acked", "through", ack.Through)
	return true, nil
}

// applyPolicy takes what verifies and is not older; the rest is logged, and the
// session goes on with what is held.
func (s *session) applyPolicy(chain, envelope []byte) {
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

// applySignatures does the same with a signature list, nil for none. The next
// rmm_detection looks with it.
func (s *session) applySignatures(envelope []byte) {
	l := s.link
	if envelope == nil || l.Signatures == nil {
		return
	}
	switch changed, err := l.Signatures.Apply(envelope); {
	case err != nil:
		l.Log.Warn("signature list refused", "error", err)
	case changed:
		l.Log.Info("signature list applied")
	}
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
