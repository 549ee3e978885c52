package fakeappliance

import (
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/signed"
)

type stream = grpc.BidiStreamingServer[compliancev1.AgentMessage, compliancev1.ApplianceMessage]

// live is the session that counts.
type live struct {
	stream stream
	hello  *compliancev1.Hello
	send   sync.Mutex
	end    chan struct{}
	once   sync.Once
}

func (l *live) post(m *compliancev1.ApplianceMessage) error {
	l.send.Lock()
	defer l.send.Unlock()
	return l.stream.Send(m)
}

func (l *live) stop() { l.once.Do(func() { close(l.end) }) }

// Connect serves one session; a newer one supersedes it.
func (a *Appliance) Connect(s stream) error {
	agentID, leaf, err := a.agentOf(s.Context())
	if err != nil {
		return status.Error(codes.Unauthenticated, err.Error())
	}
	if time.Now().After(leaf.NotAfter) {
		return status.Error(codes.PermissionDenied, "the certificate has expired; only Renew may be called")
	}
	first, err := s.Recv()
	if err != nil {
		return err
	}
	l := &live{stream: s, hello: first.GetHello(), end: make(chan struct{})}
	if l.hello == nil {
		return status.Error(codes.InvalidArgument, "the first message is not a hello")
	}
	a.mu.Lock()
	old, behave := a.live, a.behave
	welcome := a.welcome(l.hello, agentID)
	a.live = l
	a.mu.Unlock()
	if old != nil {
		old.stop()
	}
	if !behave.SkipWelcome {
		if err := l.post(&compliancev1.ApplianceMessage{Body: &compliancev1.ApplianceMessage_Welcome{Welcome: welcome}}); err != nil {
			return err
		}
	}
	a.mu.Lock()
	a.sessions++
	a.touch()
	a.mu.Unlock()
	if behave.CloseAtOnce {
		return nil
	}
	go a.misbehave(l, behave)
	received := make(chan error, 1)
	go func() { received <- a.receive(l) }()
	select {
	case err := <-received:
		return err
	case <-l.end:
		return status.Error(codes.Aborted, "superseded")
	}
}

// welcome is the answer to a hello; a.mu is held.
func (a *Appliance) welcome(h *compliancev1.Hello, agentID string) *compliancev1.Welcome {
	m := a.marks[string(h.QueueId)]
	w := &compliancev1.Welcome{
		StoreId: a.storeID, AckedThrough: m.seq, AckedRecordId: m.id, MaxInFlightBytes: 64 << 10,
		ServerMs: time.Now().UnixMilli(), StateWanted: a.behave.StateWanted, AgentId: agentID,
		HeartbeatIntervalMs: uint32(a.behave.Heartbeat.Milliseconds()), RetryDelayMs: uint32(a.behave.RetryDelay.Milliseconds()),
	}
	if a.behave.WrongAgentID {
		w.AgentId = "ag_other"
	}
	if h.TrustVersion < a.Doc().Version {
		w.Trust = a.Chain()
	}
	if h.PolicyVersion < a.Policy().Version {
		w.Policy = a.PolicyEnvelope()
	}
	return w
}

func (a *Appliance) misbehave(l *live, b Behaviour) {
	if b.AckAhead {
		_ = l.post(&compliancev1.ApplianceMessage{Body: &compliancev1.ApplianceMessage_Ack{
			Ack: &compliancev1.Ack{QueueId: l.hello.QueueId, Through: 1 << 40},
		}})
	}
	for b.Flood {
		if l.post(&compliancev1.ApplianceMessage{Body: &compliancev1.ApplianceMessage_StateRequest{StateRequest: &compliancev1.StateRequest{}}}) != nil {
			return
		}
	}
}

func (a *Appliance) receive(l *live) error {
	for {
		m, err := l.stream.Recv()
		if err != nil {
			return err
		}
		switch {
		case m.GetHeartbeat() != nil:
			a.mu.Lock()
			a.beats++
			a.touch()
			a.mu.Unlock()
		case m.GetReport() != nil:
			if err := a.report(l, m.GetReport()); err != nil {
				return err
			}
		default:
			return status.Error(codes.InvalidArgument, "unexpected message")
		}
	}
}

// report takes records and answers.
func (a *Appliance) report(l *live, r *compliancev1.Report) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	through := a.take(r)
	if a.behave.DropAcks {
		return nil
	}
	return l.post(ack(r.QueueId, through))
}

// take takes records by the rules of D4: only the next, or a gap over it. a.mu
// is held.
func (a *Appliance) take(r *compliancev1.Report) (through uint64) {
	queue := string(r.QueueId)
	m := a.marks[queue]
	if a.behave.GapAnswers > 0 {
		a.behave.GapAnswers--
		a.touch()
		return m.seq
	}
	for _, record := range r.Records {
		if record.Seq <= m.seq {
			continue
		}
		gap := record.GetGap()
		if record.Seq != m.seq+1 && (gap == nil || gap.From > m.seq+1 || gap.To != record.Seq) {
			break
		}
		m = mark{record.Seq, record.RecordId}
		a.accepted = append(a.accepted, Accepted{Key{queue, record.Seq}, record})
		if result := record.GetResult(); result != nil {
			a.results[string(result.CommandId)] = result
		}
	}
	a.marks[queue] = m
	a.touch()
	return m.seq
}

func ack(queueID []byte, through uint64) *compliancev1.ApplianceMessage {
	return &compliancev1.ApplianceMessage{Body: &compliancev1.ApplianceMessage_Ack{
		Ack: &compliancev1.Ack{QueueId: queueID, Through: through},
	}}
}

// Send sends a message on the live session, if there is one.
func (a *Appliance) Send(m *compliancev1.ApplianceMessage) {
	a.mu.Lock()
	l := a.live
	a.mu.Unlock()
	if l != nil {
		_ = l.post(m) // the session may just have ended; tests wait for effects
	}
}

// Hello is that of the live session. Call it inside Wait or Locked.
func (a *Appliance) Hello() *compliancev1.Hello {
	if a.live == nil {
		return nil
	}
	return a.live.hello
}

// Drop ends the live session.
func (a *Appliance) Drop() {
	a.mu.Lock()
	l := a.live
	a.mu.Unlock()
	if l != nil {
		l.stop()
	}
}

// Command is a good command for the live session, ready to be changed.
func (a *Appliance) Command(id []byte) *trustv1.Command {
	a.mu.Lock()
	defer a.mu.Unlock()
	return &trustv1.Command{
		AgentId: AgentID, SessionNonce: a.live.hello.SessionNonce, CommandId: id, RunbookId: "linux.sysctl.harden",
		RunbookHash: Random(32), IncidentId: "i_a", CheckId: "sysctl_hardening", TimeoutMs: 60000,
	}
}

// Order signs and sends a command.
func (a *Appliance) Order(c *trustv1.Command) { a.SendCommand(Seal(a.CommandKey, signed.Command, c)) }

// SendCommand sends an envelope as a command.
func (a *Appliance) SendCommand(e *trustv1.SignedEnvelope) {
	a.Send(&compliancev1.ApplianceMessage{Body: &compliancev1.ApplianceMessage_Command{Command: e}})
}
