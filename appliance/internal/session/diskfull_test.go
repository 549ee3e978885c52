package session_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

// TestAnAgentWhoseDiskIsFullIsSeenWhileItIs sends what an agent can still say, and
// wants evidence once when it begins and once when it ends.
func TestAnAgentWhoseDiskIsFullIsSeenWhileItIs(t *testing.T) {
	dir := t.TempDir()
	site, err := rehearsal.NewSite(dir)
	if err != nil {
		t.Fatal(err)
	}
	a, err := rehearsal.Start(t.Context(), site, dir, rehearsal.Options{NoEvidence: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	}()
	m := enrolled(t, a)
	s := connect(t, m, a, 1)
	seq := uint64(0)
	for _, full := range []bool{false, true, true, false, false} {
		beat := &compliancev1.Heartbeat{SentMs: time.Now().UnixMilli(), Queued: 1, DiskFull: full}
		if err := s.Send(&compliancev1.AgentMessage{Body: &compliancev1.AgentMessage_Heartbeat{Heartbeat: beat}}); err != nil {
			t.Fatal(err)
		}
		// The acknowledgement of what follows says that the heartbeat was taken.
		seq++
		if err := s.Report(m.QueueID, rehearsal.Verdict(seq, "time_sync", 1)); err != nil {
			t.Fatal(err)
		}
		ack(t, s, seq)
		if h, ok := a.Hosts.Agent(m.ID); !ok || h.DiskFull != full {
			t.Errorf("the host after a heartbeat that says %t: %t", full, h.DiskFull)
		}
	}
	rows, err := a.Store.Reader().QueryContext(t.Context(), "SELECT draft FROM outbox WHERE kind = 'observation' ORDER BY n")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	var told []string
	for rows.Next() {
		var draft []byte
		if err := rows.Scan(&draft); err != nil {
			t.Fatal(err)
		}
		var b struct {
			HostID  string `json:"host_id"`
			CheckID string `json:"check_id"`
			Summary string `json:"summary"`
		}
		if err := json.Unmarshal(draft, &b); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(b.Summary, "The disk that keeps") {
			told = append(told, b.CheckID+": "+b.Summary)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if len(told) != 2 || !strings.Contains(told[0], "disk_space: ") || !strings.Contains(told[0], "is full") || !strings.Contains(told[1], "again") {
		t.Errorf("evidence of a disk that was full once: %q; want its begin and its end", told)
	}
}
