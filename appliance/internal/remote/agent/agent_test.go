package agent_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote"
	"github.com/osiriscare/osiris/appliance/internal/remote/agent"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/shared/signed"
)

// sessions is one live stream.
type sessions struct {
	nonce []byte
	sent  []*compliancev1.ApplianceMessage
}

func (s *sessions) Send(_ context.Context, _ string, build func([]byte) (*compliancev1.ApplianceMessage, error)) error {
	if s.nonce == nil {
		return remote.ErrAway
	}
	m, err := build(s.nonce)
	if m != nil {
		s.sent = append(s.sent, m)
	}
	return err
}

func harden(t *testing.T) *runbook.Runbook {
	t.Helper()
	catalogue, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	r, err := catalogue.Get("linux.sysctl.harden")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRunSignsForTheSessionAndSendsOnceASession(t *testing.T) {
	key, err := signed.NewKey(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	live := &sessions{nonce: bytes.Repeat([]byte{7}, 16)}
	runner := agent.New(key, live)
	run := remote.Run{CommandID: [16]byte{1}, Runbook: harden(t), IncidentID: "i_1", CheckID: "sysctl_hardening", Timeout: time.Minute, PolicyVersion: 3}
	target := remote.Target{HostID: "h_1", AgentID: "ag_1"}

	first, err := runner.Run(t.Context(), target, run)
	if err != nil || !first.Sent || len(live.sent) != 1 {
		t.Fatalf("first Run = %+v, %v with %d messages; want one sent", first, err, len(live.sent))
	}
	envelope, err := signed.FromWire(live.sent[0].GetCommand())
	if err != nil {
		t.Fatal(err)
	}
	payload, err := envelope.Open(signed.Command, key.Public())
	if err != nil {
		t.Fatalf("opening the command in its context: %v", err)
	}
	if _, err := envelope.Open(signed.Bundle, key.Public()); !errors.Is(err, signed.ErrSignature) {
		t.Errorf("opening the command in the bundle context = %v; want ErrSignature", err)
	}
	var got trustlite.Command
	if err := got.UnmarshalVT(payload); err != nil {
		t.Fatal(err)
	}
	if got.AgentId != "ag_1" || !bytes.Equal(got.SessionNonce, live.nonce) || got.TimeoutMs != 60_000 || got.PolicyVersion != 3 {
		t.Errorf("command = %+v; want it bound to agent, session, policy and time", &got)
	}

	run.Session = first.Session
	again, err := runner.Run(t.Context(), target, run)
	if err != nil || again.Sent || len(live.sent) != 1 {
		t.Errorf("second Run on the session = %+v, %v with %d messages; want nothing new", again, err, len(live.sent))
	}
	live.nonce = bytes.Repeat([]byte{8}, 16)
	if later, err := runner.Run(t.Context(), target, run); err != nil || !later.Sent || len(live.sent) != 2 {
		t.Errorf("Run on the next session = %+v, %v with %d messages; want it sent again", later, err, len(live.sent))
	}
}

func TestRunRefusesWhatIsNotCatalogued(t *testing.T) {
	key, err := signed.Generate()
	if err != nil {
		t.Fatal(err)
	}
	live := &sessions{nonce: make([]byte, 16)}
	runner, target := agent.New(key, live), remote.Target{AgentID: "ag_1"}
	noRoad := *harden(t)
	noRoad.Roads = runbook.Roads{}
	for _, c := range []struct {
		name string
		run  remote.Run
		want error
	}{
		{"a parameter that the runbook has not", remote.Run{Runbook: harden(t), Parameters: map[string]string{"shell": "rm"}}, runbook.ErrParameter},
		{"a runbook without a way through agents", remote.Run{Runbook: &noRoad}, agent.ErrNoRoad},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := runner.Run(t.Context(), target, c.run); !errors.Is(err, c.want) || len(live.sent) != 0 {
				t.Errorf("Run = %v with %d messages; want %v and none", err, len(live.sent), c.want)
			}
		})
	}
	live.nonce = nil
	if _, err := runner.Run(t.Context(), target, remote.Run{Runbook: harden(t)}); !errors.Is(err, remote.ErrAway) {
		t.Errorf("Run without a session = %v; want ErrAway", err)
	}
}
