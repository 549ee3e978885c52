package session

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/ca"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

// watch is the one loop that looks after all streams.
func (s *Server) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	changed, decided := s.Policy.Changed(), s.Enroll.Changed()
	var listed <-chan struct{} // nil: never
	if s.Signatures != nil {
		listed = s.Signatures.Changed()
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
			changed = s.Policy.Changed()
			s.publish(ctx)
			s.Opened.Wake()
		case <-decided:
			decided = s.Enroll.Changed()
			s.Opened.Wake()
		case <-listed:
			listed = s.Signatures.Changed()
			s.publishSignatures()
		case now := <-tick.C:
			for _, st := range s.Table.snapshot() {
				s.inspect(ctx, st, now)
			}
		}
	}
}

// inspect ends a stream that has outlived its welcome.
func (s *Server) inspect(ctx context.Context, st *stream, now time.Time) {
	quiet := now.Sub(time.UnixMilli(st.heard.Load()))
	why := ""
	switch class, leaf, err := s.class(st.peer); {
	case err != nil:
		why = "revoked"
	case !s.Enroll.Admits(leaf.AgentID, leaf.Serial):
		why = "another certificate is newer"
	case class != ca.Valid:
		why = "certificate expired"
	case st.stuck(now):
		why = "does not read"
	case st.anonymous() && now.Sub(st.started) > helloTime:
		why = "no hello"
	case quiet > silence:
		why = "silent"
	default:
		return
	}
	s.Log.WarnContext(ctx, "session cut off", "agent_id", st.peer.leaf.AgentID, "reason", why)
	st.finish()
	st.peer.close()
}

func (st *stream) anonymous() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.generation == 0
}

// publish sends the newest documents to every session and ends revoked ones.
func (s *Server) publish(ctx context.Context) {
	current := s.Policy.Current()
	update := &compliancev1.ApplianceMessage{Body: &compliancev1.ApplianceMessage_Policy{
		Policy: &compliancev1.PolicyUpdate{Trust: current.Chain, Policy: current.Envelope},
	}}
	for _, st := range s.Table.snapshot() {
		s.inspect(ctx, st, time.Now())
		if !st.anonymous() {
			_ = st.post(update) // an agent that is away gets it with its next Welcome
		}
	}
}

// publishSignatures sends the newest list to every session.
func (s *Server) publishSignatures() {
	_, envelope := s.Signatures.Current()
	update := &compliancev1.ApplianceMessage{Body: &compliancev1.ApplianceMessage_Signatures{Signatures: envelope}}
	for _, st := range s.Table.snapshot() {
		if !st.anonymous() {
			_ = st.post(update) // an agent that is away gets it with its next Welcome
		}
	}
}

// retryDelay spreads reconnects (D7).
func retryDelay() uint32 {
	return uint32(500 + rand.IntN(2000)) //nolint:gosec // spread, not a secret
}

// drain tells every session to come back later, and waits for them to go.
func (s *Server) drain(ctx context.Context) {
	s.Table.stop()
	for _, st := range s.Table.snapshot() {
		_ = st.post(&compliancev1.ApplianceMessage{Body: &compliancev1.ApplianceMessage_Drain{
			Drain: &compliancev1.Drain{RetryDelayMs: retryDelay()},
		}}) // best effort: the connection ends either way
	}
	late := time.NewTimer(drainTime)
	defer late.Stop()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for len(s.Table.snapshot()) > 0 {
		select {
		case <-late.C:
			s.Log.WarnContext(ctx, "sessions late at shutdown", "sessions", len(s.Table.snapshot()))
			return
		case <-poll.C:
		}
	}
}
