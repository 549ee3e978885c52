package session

import (
	"context"
	"sync"

	"github.com/osiriscare/osiris/appliance/internal/remote"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

// Table is the live streams and their mailboxes. It exists before the server
// does, because what the server serves sends through it.
type Table struct {
	mu         sync.Mutex
	streams    map[*stream]struct{} // all, also those before their Hello
	agents     map[string]*stream   // the newest of each agent
	generation uint64
	draining   bool
}

// NewTable makes an empty one.
func NewTable() *Table {
	return &Table{streams: map[*stream]struct{}{}, agents: map[string]*stream{}}
}

// Sessions counts the open ones.
func (t *Table) Sessions() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.agents)
}

// CutAll ends every connection: the agents come back and are greeted anew.
func (t *Table) CutAll() {
	for _, st := range t.snapshot() {
		st.finish()
		st.peer.close()
	}
}

// stop lets no further stream in.
func (t *Table) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.draining = true
}

// add makes a stream known before it has said who it is.
func (t *Table) add(st *stream) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.draining {
		return false
	}
	t.streams[st] = struct{}{}
	return true
}

// open makes st the agent's session and ends the one before it.
func (t *Table) open(st *stream) {
	t.mu.Lock()
	old := t.agents[st.agentID]
	t.generation++
	st.mu.Lock()
	st.generation = t.generation
	st.mu.Unlock()
	t.agents[st.agentID] = st
	t.mu.Unlock()
	if old == nil {
		return
	}
	old.finish()
	if old.peer != st.peer {
		old.peer.close()
	}
}

// remove forgets a stream; it reports whether it was its agent's session.
func (t *Table) remove(st *stream) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.streams, st)
	if st.agentID == "" || t.agents[st.agentID] != st {
		return false
	}
	delete(t.agents, st.agentID)
	return true
}

// Send puts a message made for the agent's session into its mailbox. It returns
// remote.ErrAway without a session or with a full mailbox, and build's error.
func (t *Table) Send(_ context.Context, agentID string, build func(nonce []byte) (*compliancev1.ApplianceMessage, error)) error {
	t.mu.Lock()
	st := t.agents[agentID]
	t.mu.Unlock()
	if st == nil || st.isOver() {
		return remote.ErrAway
	}
	m, err := build(st.nonce)
	if err != nil || m == nil {
		return err
	}
	return st.post(m)
}

func (t *Table) snapshot() []*stream {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]*stream, 0, len(t.streams))
	for st := range t.streams {
		out = append(out, st)
	}
	return out
}
