package session

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/appliance/internal/intake"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

// Connect is one session.
func (s *Server) Connect(call grpc.BidiStreamingServer[compliancev1.AgentMessage, compliancev1.ApplianceMessage]) error {
	ctx := call.Context()
	c, _, err := peerOf(ctx)
	if err != nil {
		return err
	}
	st := newStream(c, call)
	if !s.Table.add(st) {
		return status.Error(codes.Unavailable, "the appliance is stopping")
	}
	defer func() {
		mine := s.Table.remove(st)
		st.settle()
		if mine {
			s.Hosts.Connected(st.agentID, false, time.Now().UnixMilli())
			s.Log.InfoContext(ctx, "session closed", "agent_id", st.agentID)
			s.Opened.Wake()
		}
	}()
	first, err := call.Recv()
	if err != nil {
		return err
	}
	if err := s.begin(ctx, st, first.GetHello()); err != nil {
		return err
	}
	return s.listen(ctx, st, call)
}

// begin welcomes the agent and makes the stream its session. The Welcome is in
// the mailbox before anybody can find the session, so it goes first.
func (s *Server) begin(ctx context.Context, st *stream, hello *compliancev1.Hello) error {
	welcome, err := s.greet(ctx, st, hello)
	if err != nil {
		return err
	}
	st.heard.Store(time.Now().UnixMilli())
	if err := st.post(&compliancev1.ApplianceMessage{Body: &compliancev1.ApplianceMessage_Welcome{Welcome: welcome}}); err != nil {
		return status.Error(codes.Unavailable, "the connection is closing")
	}
	s.Table.open(st)
	now := time.Now().UnixMilli()
	s.Hosts.Describe(st.agentID, hello.GetHost(), now)
	s.Hosts.Connected(st.agentID, true, now)
	s.Log.InfoContext(ctx, "session opened", "agent_id", st.agentID, "hostname", hello.GetHost().GetHostname(),
		"agent_version", hello.GetHost().GetAgentVersion(), "acked_through", welcome.GetAckedThrough(),
		"state_wanted", welcome.GetStateWanted())
	s.Opened.Wake()
	return nil
}

// greet checks a Hello and answers it.
func (s *Server) greet(ctx context.Context, st *stream, hello *compliancev1.Hello) (*compliancev1.Welcome, error) {
	if hello == nil || len(hello.GetQueueId()) != 16 || len(hello.GetSessionNonce()) != 16 || hello.GetNext() == 0 {
		return nil, status.Error(codes.InvalidArgument, "the first message must be a Hello with a queue id and a nonce of 16 bytes and a next sequence")
	}
	st.agentID, st.nonce, st.queueID, st.suspect = st.peer.leaf.AgentID, hello.GetSessionNonce(), hello.GetQueueId(), hello.GetClockSuspect()
	if err := s.Enroll.PolicyRead(ctx, st.agentID, hello.GetPolicyVersion()); err != nil {
		return nil, s.edge(ctx, "hello", err)
	}
	mark, recordID, err := s.Intake.Mark(ctx, st.agentID, hello.GetQueueId())
	if err != nil {
		return nil, s.edge(ctx, "hello", err)
	}
	id, err := s.Store.ID(ctx)
	if err != nil {
		return nil, s.edge(ctx, "hello", err)
	}
	digest, err := s.Intake.Digest(ctx, st.agentID)
	if err != nil {
		return nil, s.edge(ctx, "hello", err)
	}
	w := &compliancev1.Welcome{
		StoreId: id, AckedThrough: mark, AckedRecordId: recordID, MaxInFlightBytes: maxInFlight,
		ServerMs: time.Now().UnixMilli(), RetryDelayMs: retryDelay(), AgentId: st.agentID,
		HeartbeatIntervalMs: uint32(heartbeatEvery.Milliseconds()),
	}
	// With records on their way the digests differ by right.
	w.StateWanted = !bytes.Equal(hello.GetStoreId(), id) ||
		hello.GetNext() == mark+1 && !bytes.Equal(hello.GetVerdictDigest(), digest[:])
	current := s.Policy.Current()
	if hello.GetTrustVersion() < current.TrustVersion() {
		w.Trust = current.Chain
	}
	if hello.GetPolicyVersion() < current.PolicyVersion() {
		w.Policy = current.Envelope
	}
	if s.Signatures != nil {
		if version, envelope := s.Signatures.Current(); hello.GetSignatureVersion() < version {
			w.Signatures = envelope
		}
	}
	return w, nil
}

// listen takes what the agent says until the stream ends.
func (s *Server) listen(ctx context.Context, st *stream, call interface {
	Recv() (*compliancev1.AgentMessage, error)
},
) error {
	for {
		m, err := call.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if st.isOver() {
			return status.Error(codes.Aborted, "another session of this agent has taken over")
		}
		st.heard.Store(time.Now().UnixMilli())
		switch body := m.GetBody().(type) {
		case *compliancev1.AgentMessage_Report:
			through, err := s.take(ctx, st, body.Report)
			if err != nil {
				return err
			}
			st.acknowledge(body.Report.GetQueueId(), through)
		case *compliancev1.AgentMessage_Heartbeat:
			s.beat(ctx, st, body.Heartbeat)
		case *compliancev1.AgentMessage_Hello:
			return status.Error(codes.InvalidArgument, "a second Hello on a stream")
		default:
			// A newer agent's message: not ours to judge, and nothing to answer.
		}
	}
}

// take commits a report. Waiting here stops the reading of this stream, which is
// the back-pressure that an agent feels (D7).
func (s *Server) take(ctx context.Context, st *stream, report *compliancev1.Report) (uint64, error) {
	if report == nil {
		return 0, status.Error(codes.InvalidArgument, "no report")
	}
	if !bytes.Equal(report.GetQueueId(), st.queueID) {
		return 0, status.Error(codes.InvalidArgument, "the report is of another queue than the Hello")
	}
	records := len(report.GetRecords())
	if records > recordsBurst {
		return 0, status.Error(codes.InvalidArgument, "too many records in one report")
	}
	if err := st.limiter.WaitN(ctx, records); err != nil {
		return 0, s.edge(ctx, "report", err)
	}
	size := int64(proto.Size(report))
	if err := s.intaking.Acquire(ctx, size); err != nil {
		return 0, s.edge(ctx, "report", err)
	}
	defer s.intaking.Release(size)
	through, err := s.Intake.Accept(ctx, intake.Peer{AgentID: st.agentID, ClockSuspect: st.suspect}, report)
	if err != nil {
		return 0, s.edge(ctx, "report", err)
	}
	return through, nil
}

// beat takes a heartbeat, and asks for the state when the digests differ though
// nothing is on its way (D5).
func (s *Server) beat(ctx context.Context, st *stream, h *compliancev1.Heartbeat) {
	s.Hosts.Seen(st.agentID, h.GetDropped(), time.Now().UnixMilli())
	if host, changed := s.Hosts.DiskFull(st.agentID, h.GetDiskFull()); changed {
		if err := s.Intake.DiskFull(ctx, &host); err != nil {
			s.Log.ErrorContext(ctx, "full disk not proved", "agent_id", st.agentID, "error", err)
		}
	}
	if h.GetQueued() > 0 || len(h.GetVerdictDigest()) == 0 || time.Now().Before(st.askNext) {
		return
	}
	digest, err := s.Intake.Digest(ctx, st.agentID)
	if err != nil {
		s.Log.ErrorContext(ctx, "digest not read", "agent_id", st.agentID, "error", err)
		return
	}
	if bytes.Equal(digest[:], h.GetVerdictDigest()) {
		st.askWait = time.Minute
		return
	}
	st.askNext = time.Now().Add(st.askWait)
	st.askWait = min(2*st.askWait, time.Hour)
	_ = st.post(&compliancev1.ApplianceMessage{Body: &compliancev1.ApplianceMessage_StateRequest{
		StateRequest: &compliancev1.StateRequest{},
	}}) // the next heartbeat asks again
}
