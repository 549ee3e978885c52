package session_test

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	"github.com/osiriscare/osiris/appliance/internal/remote"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/bundle"
)

func TestANewStreamSupersedesTheOld(t *testing.T) {
	a := start(t)
	m := enrolled(t, a)
	t.Run("on another connection", func(t *testing.T) {
		old := connect(t, m, a, 1)
		fresh := connect(t, m, a, 1)
		if _, err := old.Ack(); err == nil {
			t.Error("the superseded stream stayed open")
		}
		if err := fresh.Report(m.QueueID, rehearsal.Verdict(1, "disk_space", 1)); err != nil {
			t.Fatal(err)
		}
		ack(t, fresh, 1)
	})
	t.Run("on the same connection", func(t *testing.T) {
		c := dial(t, m, a)
		old, err := m.Connect(t.Context(), c, 2)
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := m.Connect(t.Context(), c, 2)
		if err != nil {
			t.Fatal(err)
		}
		// Its ack shows that the new stream has taken over: the Welcome alone may
		// arrive a moment before.
		if err := fresh.Report(m.QueueID, rehearsal.Verdict(2, "disk_space", 1)); err != nil {
			t.Fatal(err)
		}
		ack(t, fresh, 2)
		if err := old.Report(m.QueueID, rehearsal.Verdict(3, "disk_space", 2)); err != nil {
			t.Fatal(err)
		}
		_, err = old.Ack()
		wants(t, "the superseded stream", err, codes.Aborted, "taken over")
		if err := fresh.Report(m.QueueID, rehearsal.Verdict(3, "disk_space", 1)); err != nil {
			t.Fatal(err)
		}
		ack(t, fresh, 3)
	})
}

func TestARestartRedeliversACommandOnTheNewSession(t *testing.T) {
	dir := t.TempDir()
	site, err := rehearsal.NewSite(dir)
	if err != nil {
		t.Fatal(err)
	}
	a, err := rehearsal.Start(t.Context(), site, dir, rehearsal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m := enrolled(t, a)
	s := connect(t, m, a, 1)
	if err := s.Report(m.QueueID, rehearsal.Verdict(1, "sysctl_hardening", 2)); err != nil {
		t.Fatal(err)
	}
	first := command(t, s)
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	b := startIn(t, site, dir)
	m.Nonce = rehearsal.Random()
	s = connect(t, m, b, 2)
	if s.Welcome.GetAckedThrough() != 1 {
		t.Errorf("mark after the restart = %d; want 1", s.Welcome.GetAckedThrough())
	}
	again := command(t, s)
	if !bytes.Equal(first.GetCommandId(), again.GetCommandId()) {
		t.Errorf("the command came again as %x; want %x", again.GetCommandId(), first.GetCommandId())
	}
	if !bytes.Equal(again.GetSessionNonce(), m.Nonce) || bytes.Equal(first.GetSessionNonce(), m.Nonce) {
		t.Error("a command is not bound to the session it was sent on")
	}
	found := logged(t, b, 1)
	if found[1].IncidentID == "" || found[1].Kind != bundle.KindDrift {
		t.Errorf("bundle of the drift = %+v; want a drift with its incident", found[1])
	}
}

func command(t *testing.T, s *rehearsal.Session) *trustv1.Command {
	t.Helper()
	for {
		m, err := s.Recv()
		if err != nil {
			t.Fatalf("waiting for a command: %v", err)
		}
		if m.GetCommand() != nil {
			return rehearsal.OpenCommand(m.GetCommand())
		}
	}
}

func TestAHundredStreamsAtOnceLoseNothing(t *testing.T) {
	a := start(t)
	const agents, each = 100, 20
	var wg sync.WaitGroup
	errs := make(chan error, agents)
	for range agents {
		m := enrolled(t, a)
		wg.Go(func() {
			c, err := m.Dial(t.Context(), a.Addr, a.Site.Identity.SiteRoot)
			if err != nil {
				errs <- err
				return
			}
			defer func() { _ = c.Close() }()
			s, err := m.Connect(t.Context(), c, 1)
			for seq := uint64(1); err == nil && seq <= each; seq++ {
				if err = s.Report(m.QueueID, rehearsal.Verdict(seq, "disk_space", compliancev1.Status(1+seq%2))); err == nil {
					var got uint64
					if got, err = s.Ack(); err == nil && got != seq {
						err = fmt.Errorf("ack %d, want %d", got, seq)
					}
				}
			}
			if err != nil {
				errs <- err
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	var sum int
	if err := a.Store.Reader().QueryRowContext(t.Context(), "SELECT sum(mark) FROM queue").Scan(&sum); err != nil || sum != agents*each {
		t.Errorf("accepted %d records, %v; want %d", sum, err, agents*each)
	}
}

func TestAFullMailboxIsAnAgentThatIsAway(t *testing.T) {
	a := start(t)
	m, other := enrolled(t, a), enrolled(t, a)
	connect(t, m, a, 1) // and never reads again
	big := &compliancev1.ApplianceMessage{Body: &compliancev1.ApplianceMessage_Command{Command: &trustv1.SignedEnvelope{Payload: make([]byte, 16<<10)}}}
	var err error
	for range 200 {
		if err = a.Table.Send(t.Context(), m.ID, func([]byte) (*compliancev1.ApplianceMessage, error) { return big, nil }); err != nil {
			break
		}
	}
	if !errors.Is(err, remote.ErrAway) {
		t.Errorf("Send to an agent that does not read = %v; want ErrAway after a bounded number", err)
	}
	s := connect(t, other, a, 1)
	if err := s.Report(other.QueueID, rehearsal.Verdict(1, "disk_space", 1)); err != nil {
		t.Fatal(err)
	}
	ack(t, s, 1)
	if err := a.Table.Send(t.Context(), "ag_nobody", nil); !errors.Is(err, remote.ErrAway) {
		t.Errorf("Send to nobody = %v; want ErrAway", err)
	}
}

func TestDrainAtShutdown(t *testing.T) {
	dir := t.TempDir()
	site, err := rehearsal.NewSite(dir)
	if err != nil {
		t.Fatal(err)
	}
	a, err := rehearsal.Start(t.Context(), site, dir, rehearsal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	polite, deaf := enrolled(t, a), enrolled(t, a)
	s := connect(t, polite, a, 1)
	connect(t, deaf, a, 1)
	stopped := make(chan error, 1)
	go func() { stopped <- a.Stop() }()
	for {
		m, err := s.Recv()
		if err != nil {
			t.Fatalf("Recv = %v; want a Drain first", err)
		}
		if d := m.GetDrain(); d != nil {
			if d.GetRetryDelayMs() == 0 {
				t.Error("Drain has no retry delay")
			}
			break
		}
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-stopped:
		if err != nil {
			t.Errorf("Stop = %v", err)
		}
	case <-time.After(patience):
		t.Fatal("an agent that ignores Drain keeps the appliance from stopping")
	}
}
