package session_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/bundle"
)

func TestTheReceiverTakesTheNextRecordOnly(t *testing.T) {
	a := start(t)
	m := enrolled(t, a)
	s := connect(t, m, a, 1)
	gap := func(from, to uint64) *compliancev1.Record {
		return &compliancev1.Record{Seq: to, RecordId: rehearsal.Random(), CreatedMs: 1, Body: &compliancev1.Record_Gap{
			Gap: &compliancev1.Gap{From: from, To: to, Count: to - from + 1, Reason: "overflow"},
		}}
	}
	v := func(seq uint64) *compliancev1.Record { return rehearsal.Verdict(seq, "disk_space", 1) }
	for _, step := range []struct {
		name    string
		records []*compliancev1.Record
		want    uint64
	}{
		{"a first batch", []*compliancev1.Record{v(1), v(2)}, 2},
		{"the same batch again is acked again", []*compliancev1.Record{v(1), v(2)}, 2},
		{"a hole ends the batch", []*compliancev1.Record{v(3), v(5)}, 3},
		{"an overlap is taken from the next on", []*compliancev1.Record{v(2), v(3), v(4)}, 4},
		{"a gap that covers the next moves the mark", []*compliancev1.Record{gap(3, 9), v(10)}, 10},
		{"a gap further on is a hole", []*compliancev1.Record{gap(12, 20)}, 10},
		{"nothing is acked too", nil, 10},
	} {
		if err := s.Report(m.QueueID, step.records...); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Ack(); err != nil || got != step.want {
			t.Fatalf("%s: Ack = %d, %v; want %d", step.name, got, err, step.want)
		}
	}
}

func TestMalformedRecordsAreRefusedAndTheQueueGoesOn(t *testing.T) {
	a := start(t)
	m := enrolled(t, a)
	s := connect(t, m, a, 1)
	huge := rehearsal.Verdict(4, "disk_space", 1)
	huge.GetVerdict().Reason = strings.Repeat("x", 5000)
	future := rehearsal.Verdict(6, "disk_space", 1)
	future.CreatedMs, future.GetVerdict().ObservedMs = 1<<62, -(1 << 62)
	unknown := rehearsal.Verdict(7, "toaster_open", 2)
	unknown.ProtoReflect().SetUnknown([]byte{0xfa, 0x3f, 0x01, 0x78})
	records := []*compliancev1.Record{
		{Seq: 1, RecordId: rehearsal.Random()}, // no body
		rehearsal.Verdict(2, "../etc", 1),
		rehearsal.Verdict(3, "disk_space", 99),
		huge,
		rehearsal.Verdict(5, "disk_space", 1),
		future,
		unknown,
	}
	if err := s.Report(m.QueueID, records...); err != nil {
		t.Fatal(err)
	}
	ack(t, s, 7)
	kinds := logged(t, a, 7)
	for seq, want := range map[uint64]string{1: "rejected", 2: "rejected", 3: "rejected", 4: "rejected", 5: "none", 6: "none", 7: "none"} {
		if b := kinds[seq]; b.Outcome != want {
			t.Errorf("bundle of record %d has outcome %q (%s); want %q", seq, b.Outcome, b.Summary, want)
		}
	}
	if !strings.Contains(kinds[6].Summary, "clock") {
		t.Errorf("the bundle of a record from the year 146 million says %q; want a word on the clock", kinds[6].Summary)
	}
}

func logged(t *testing.T, a *rehearsal.Appliance, n int) map[uint64]bundle.Bundle {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		_, _, changed := a.Evidence.Size()
		entries, err := a.Evidence.Entries(ctx, 0, 1000, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		found := map[uint64]bundle.Bundle{}
		for _, e := range entries {
			b, err := bundle.Decode(e.Bundle)
			if err != nil {
				t.Fatal(err)
			}
			if b.AgentID != "" {
				if _, twice := found[b.Seq]; twice {
					t.Fatalf("record %d has two bundles", b.Seq)
				}
				found[b.Seq] = b
			}
		}
		if len(found) >= n {
			return found
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("%d bundles of agent records; want %d", len(found), n)
		}
	}
}

func TestARecordWithoutAUsableKeyEndsTheSession(t *testing.T) {
	a := start(t)
	m := enrolled(t, a)
	for name, r := range map[string]*compliancev1.Record{
		"sequence 0":        {RecordId: rehearsal.Random()},
		"a short record id": {Seq: 1, RecordId: []byte{1}},
	} {
		s := connect(t, m, a, 1)
		if err := s.Report(m.QueueID, r); err != nil {
			t.Fatal(err)
		}
		_, err := s.Ack()
		wants(t, name, err, codes.InvalidArgument, "record")
	}
	s := connect(t, m, a, 1)
	if err := s.Report(rehearsal.Random(), rehearsal.Verdict(1, "disk_space", 1)); err != nil {
		t.Fatal(err)
	}
	_, err := s.Ack()
	wants(t, "a report of another queue", err, codes.InvalidArgument, "another queue")
}

func TestAnOversizedMessageIsRefusedAndCostsNothingElse(t *testing.T) {
	a := start(t)
	m, other := enrolled(t, a), enrolled(t, a)
	s, o := connect(t, m, a, 1), connect(t, other, a, 1)
	r := rehearsal.Verdict(1, "disk_space", 1)
	r.GetVerdict().Reason = strings.Repeat("x", 300<<10)
	if err := s.Report(m.QueueID, r); err != nil {
		t.Fatal(err)
	}
	_, err := s.Ack()
	wants(t, "a message of 300 KB", err, codes.ResourceExhausted, "larger than max")
	if err := o.Report(other.QueueID, rehearsal.Verdict(1, "disk_space", 1)); err != nil {
		t.Fatal(err)
	}
	ack(t, o, 1)
}

func TestABadHelloIsRefused(t *testing.T) {
	a := start(t)
	m := enrolled(t, a)
	for name, change := range map[string]func(*compliancev1.Hello){
		"a short queue id": func(h *compliancev1.Hello) { h.QueueId = h.QueueId[:15] },
		"no nonce":         func(h *compliancev1.Hello) { h.SessionNonce = nil },
		"next 0":           func(h *compliancev1.Hello) { h.Next = 0 },
	} {
		hello := m.Hello(1)
		change(hello)
		_, err := dial(t, m, a).ReportDrift(t.Context(), &compliancev1.ReportDriftRequest{Hello: hello})
		wants(t, name, err, codes.InvalidArgument, "Hello")
	}
	stream, err := dial(t, m, a).Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&compliancev1.AgentMessage{Body: &compliancev1.AgentMessage_Heartbeat{Heartbeat: &compliancev1.Heartbeat{}}}); err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	wants(t, "a heartbeat before the Hello", err, codes.InvalidArgument, "Hello")
}

func TestAnAgentsReportsAreItsOwn(t *testing.T) {
	a := start(t)
	m, victim := enrolled(t, a), enrolled(t, a)
	if s := connect(t, victim, a, 1); s.Report(victim.QueueID, rehearsal.Verdict(1, "disk_space", 1)) != nil {
		t.Fatal("Report")
	} else {
		ack(t, s, 1)
	}
	// The thief uses the victim's queue id and the next sequence: identity is the
	// TLS peer, so it is another queue.
	m.QueueID = victim.QueueID
	s := connect(t, m, a, 1)
	if s.Welcome.GetAckedThrough() != 0 {
		t.Errorf("a foreign queue's mark was shown: %d", s.Welcome.GetAckedThrough())
	}
	if err := s.Report(m.QueueID, rehearsal.Verdict(2, "disk_space", 2)); err != nil {
		t.Fatal(err)
	}
	ack(t, s, 0)
	if mark, _, err := a.Intake.Mark(t.Context(), victim.ID, victim.QueueID); err != nil || mark != 1 {
		t.Errorf("the victim's mark = %d, %v; want 1", mark, err)
	}
	// A result of the victim's command, sent by the thief, concludes nothing.
	r := &compliancev1.Record{Seq: 1, RecordId: rehearsal.Random(), CreatedMs: time.Now().UnixMilli(), Body: &compliancev1.Record_Result{
		Result: &compliancev1.CommandResult{CommandId: rehearsal.Random(), RunbookId: "linux.sysctl.harden", CheckId: "sysctl_hardening", Outcome: 1},
	}}
	if err := s.Report(m.QueueID, r); err != nil {
		t.Fatal(err)
	}
	ack(t, s, 1)
}

// garbage is a codec that sends bytes as they are.
type garbage struct{}

func (garbage) Marshal(v any) ([]byte, error) { return v.([]byte), nil }

func (garbage) Unmarshal(_ []byte, v any) error {
	_, ok := v.(*compliancev1.ApplianceMessage)
	if !ok {
		return errors.New("unexpected answer")
	}
	return nil
}

func (garbage) Name() string { return "proto" }

func TestMalformedProtobufEndsTheCallAndCostsNothingElse(t *testing.T) {
	a := start(t)
	m := enrolled(t, a)
	c := dial(t, m, a)
	healthy, err := m.Connect(t.Context(), c, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{
		"a field that ends too early": {0x0a, 0xff, 0x01},
		"a group that nobody opened":  {0x0c},
		"an endless varint":           bytes.Repeat([]byte{0xff}, 20),
	} {
		stream, err := c.GRPC.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true},
			"/compliance.v1.ComplianceAgent/Connect", grpc.ForceCodec(garbage{}))
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.SendMsg(body); err != nil {
			t.Fatal(err)
		}
		wants(t, name, stream.RecvMsg(&compliancev1.ApplianceMessage{}), codes.Internal, "unmarshal")
	}
	if err := healthy.Report(m.QueueID, rehearsal.Verdict(1, "disk_space", 1)); err != nil {
		t.Fatal(err)
	}
	ack(t, healthy, 1)
}
