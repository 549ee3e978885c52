// Package fakeappliance is a small appliance for the agent's tests: the real
// protocol over grpc-go, the standard protobuf runtime and real certificates,
// with switches for everything that can go wrong. It keeps its state in memory
// and takes records by the rules of DESIGN D4. Test code only.
package fakeappliance

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/proto/compliance/v1/compliancegrpc"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// Token is the one that enrols.
const Token = "osiris-at1-00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

// Key names a record that was accepted.
type Key struct {
	QueueID string
	Seq     uint64
}

// Appliance is a running fake.
type Appliance struct {
	compliancegrpc.UnimplementedComplianceAgentServer
	*Authority

	server *grpc.Server
	addr   string

	mu       sync.Mutex
	changed  chan struct{} // closed and renewed at each change
	storeID  []byte
	marks    map[string]mark // by queue id
	accepted []Accepted
	results  map[string]*compliancev1.CommandResult
	sessions int
	live     *live
	behave   Behaviour
	resumed  int
	beats    int
	renewals int
	posts    int
}

// Accepted is a record as it was taken.
type Accepted struct {
	Key    Key
	Record *compliancev1.Record
}

type mark struct {
	seq uint64
	id  []byte
}

// Behaviour is what the fake does wrong; the zero value is a good appliance.
type Behaviour struct {
	DropAcks      bool // nothing is acknowledged
	AckBeforeTake bool // acknowledges and then forgets: a store that lies
	GapAnswers    int  // so many times answers the mark and takes nothing
	WrongAgentID  bool
	CloseAtOnce   bool // welcomes and hangs up
	Flood         bool // state requests without end
	AckAhead      bool // acknowledges what was never sent
	StateWanted   bool
	Heartbeat     time.Duration
	RetryDelay    time.Duration
	SkipWelcome   bool
	RefusePosts   int // the fallback answers with this HTTP status
}

// New starts a fake on loopback; it ends with the test.
func New(t testing.TB) *Appliance {
	t.Helper()
	a := &Appliance{
		Authority: NewAuthority(t), changed: make(chan struct{}), storeID: Random(16),
		marks: map[string]mark{}, results: map[string]*compliancev1.CommandResult{},
	}
	a.Start(t, "127.0.0.1:0")
	t.Cleanup(a.Stop)
	return a
}

// Addr is where it listens.
func (a *Appliance) Addr() string { return a.addr }

// Start listens; after Stop the same address can be used again.
func (a *Appliance) Start(t testing.TB, addr string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	a.addr = listener.Addr().String()
	a.server = grpc.NewServer(grpc.Creds(credentials.NewTLS(a.tlsConfig())), grpc.MaxRecvMsgSize(256<<10),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}))
	compliancegrpc.RegisterComplianceAgentServer(a.server, a)
	go a.server.Serve(listener) //nolint:errcheck // ends with Stop
}

func (a *Appliance) tlsConfig() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS13,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return a.ServerCertificate(), nil },
		ClientAuth:     tls.RequestClientCert,
		VerifyConnection: func(s tls.ConnectionState) error {
			a.mu.Lock()
			defer a.mu.Unlock()
			if s.DidResume {
				a.resumed++
			}
			return nil
		},
	}
}

// Stop drops every connection at once, as a kill would.
func (a *Appliance) Stop() { a.server.Stop() }

// Behave changes how it behaves from now on.
func (a *Appliance) Behave(change func(*Behaviour)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(&a.behave)
	a.touch()
}

// touch wakes Wait; a.mu is held.
func (a *Appliance) touch() {
	close(a.changed)
	a.changed = make(chan struct{})
}

// Wait blocks until ok answers true; ok runs under the fake's lock.
func (a *Appliance) Wait(t testing.TB, what string, ok func() bool) {
	t.Helper()
	// A bound for a hung test, not a verdict on speed.
	limit := time.After(30 * time.Second)
	for {
		a.mu.Lock()
		done, changed := ok(), a.changed
		a.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-limit:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// Locked runs f under the fake's lock.
func (a *Appliance) Locked(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f()
}

// Accepted are the records taken so far, in order. Call it inside Wait or Locked.
func (a *Appliance) Accepted() []Accepted { return a.accepted }

// Result is what became of a command. Call it inside Wait or Locked.
func (a *Appliance) Result(id []byte) *compliancev1.CommandResult { return a.results[string(id)] }

// Sessions counts Welcomes, Resumed resumed handshakes, Beats heartbeats,
// Renewals certificates. Call them inside Wait or Locked.
func (a *Appliance) Sessions() int { return a.sessions }

// Resumed counts resumed TLS handshakes.
func (a *Appliance) Resumed() int { return a.resumed }

// Beats counts heartbeats.
func (a *Appliance) Beats() int { return a.beats }

// Renewals counts renewed certificates.
func (a *Appliance) Renewals() int { return a.renewals }

// Verdict is the last one taken for a check, from verdicts and state reports.
// Call it inside Wait or Locked.
func (a *Appliance) Verdict(check string) *compliancev1.Verdict {
	for i := len(a.accepted) - 1; i >= 0; i-- {
		r := a.accepted[i].Record
		if v := r.GetVerdict(); v.GetCheckId() == check {
			return v
		}
		for _, v := range r.GetState().GetVerdicts() {
			if v.GetCheckId() == check {
				return v
			}
		}
	}
	return nil
}

// Restore makes it forget all records after a moment, as a restored backup does:
// marks go back to what they were when keep records had been taken.
func (a *Appliance) Restore(keep int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.accepted = a.accepted[:keep]
	a.marks = map[string]mark{}
	for _, r := range a.accepted {
		a.marks[r.Key.QueueID] = mark{r.Record.Seq, r.Record.RecordId}
	}
	a.storeID = Random(16)
	a.touch()
}

// agentOf is the id in the peer's certificate.
func (a *Appliance) agentOf(ctx context.Context) (string, *x509.Certificate, error) {
	state, err := tlsState(ctx)
	if err != nil {
		return "", nil, err
	}
	if len(state.PeerCertificates) == 0 {
		return "", nil, errors.New("the peer has no certificate")
	}
	leaf := state.PeerCertificates[0]
	return leaf.Subject.CommonName, leaf, nil
}

// PolicyUpdate is the newest trust and policy for a stream.
func (a *Appliance) policyUpdate() *compliancev1.PolicyUpdate {
	return &compliancev1.PolicyUpdate{Trust: a.Chain(), Policy: a.PolicyEnvelope()}
}

// PushPolicy signs a changed policy and sends it to the live session.
func (a *Appliance) PushPolicy(change func(*trustv1.Policy)) {
	a.ChangePolicy(change)
	a.Send(&compliancev1.ApplianceMessage{Body: &compliancev1.ApplianceMessage_Policy{Policy: a.policyUpdate()}})
}
