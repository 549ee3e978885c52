package session

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/ca"
	"github.com/osiriscare/osiris/appliance/internal/remote"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

// add makes a stream known before it has said who it is.
func (s *Server) add(st *stream) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return false
	}
	s.streams[st] = struct{}{}
	return true
}

// open makes st the agent's session and ends the one before it.
func (s *Server) open(st *stream) {
	s.mu.Lock()
	old := s.agents[st.agentID]
	s.generation++
	st.mu.Lock()
	st.generation = s.generation
	st.mu.Unlock()
	s.agents[st.agentID] = st
	s.mu.Unlock()
	if old == nil {
		return
	}
	old.finish()
	if old.peer != st.peer {
		old.peer.close()
	}
}

// remove forgets a stream; it reports whether it was its agent's session.
func (s *Server) remove(st *stream) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.streams, st)
	if st.agentID == "" || s.agents[st.agentID] != st {
		return false
	}
	delete(s.agents, st.agentID)
	return true
}

// Send puts a message made for the agent's session into its mailbox. It returns
// remote.ErrAway without a session or with a full mailbox, and build's error.
func (s *Server) Send(_ context.Context, agentID string, build func(nonce []byte) (*compliancev1.ApplianceMessage, error)) error {
	s.mu.Lock()
	st := s.agents[agentID]
	s.mu.Unlock()
	if st == nil || st.isOver() {
		return remote.ErrAway
	}
	m, err := build(st.nonce)
	if err != nil || m == nil {
		return err
	}
	return st.post(m)
}

func (s *Server) snapshot() []*stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*stream, 0, len(s.streams))
	for st := range s.streams {
		out = append(out, st)
	}
	return out
}

// watch is the one loop that looks after all streams.
func (s *Server) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	changed := s.Policy.Changed()
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
			changed = s.Policy.Changed()
			s.publish(ctx)
			s.Opened.Wake()
		case now := <-tick.C:
			for _, st := range s.snapshot() {
				s.inspect(ctx, st, now)
			}
		}
	}
}

// inspect ends a stream that has outlived its welcome.
func (s *Server) inspect(ctx context.Context, st *stream, now time.Time) {
	quiet := now.Sub(time.UnixMilli(st.heard.Load()))
	why := ""
	switch class, _, err := s.class(st.peer); {
	case err != nil:
		why = "revoked"
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
	for _, st := range s.snapshot() {
		s.inspect(ctx, st, time.Now())
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
	s.mu.Lock()
	s.draining = true
	s.mu.Unlock()
	for _, st := range s.snapshot() {
		_ = st.post(&compliancev1.ApplianceMessage{Body: &compliancev1.ApplianceMessage_Drain{
			Drain: &compliancev1.Drain{RetryDelayMs: retryDelay()},
		}}) // best effort: the connection ends either way
	}
	late := time.NewTimer(drainTime)
	defer late.Stop()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for len(s.snapshot()) > 0 {
		select {
		case <-late.C:
			s.Log.WarnContext(ctx, "sessions late at shutdown", "sessions", len(s.snapshot()))
			return
		case <-poll.C:
		}
	}
}
