package rehearsal

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/proto"

	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/proto/compliance/v1/compliancegrpc"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// Agent is a machine that speaks to an appliance with grpc-go.
type Agent struct {
	Key         *ecdsa.PrivateKey
	ID          string
	Certificate []byte // DER; nil before Register
	QueueID     []byte
	Nonce       []byte
	Host        *compliancev1.HostFacts
	Sessions    tls.ClientSessionCache // set it to resume TLS sessions
}

// NewAgent makes a machine with a key and a queue.
func NewAgent(hostname string) (*Agent, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return &Agent{
		Key: key, QueueID: Random(), Nonce: Random(),
		Host: &compliancev1.HostFacts{Hostname: hostname, Os: "linux", AgentVersion: "rehearsal"},
	}, nil
}

// Random is 16 random bytes: a queue id, a record id, a nonce.
func Random() []byte {
	b := make([]byte, 16)
	rand.Read(b) // never fails since Go 1.24
	return b
}

// Public is the key as it travels.
func (a *Agent) Public() []byte {
	b, err := a.Key.PublicKey.Bytes()
	if err != nil {
		return nil
	}
	return b
}

// Conn is one TLS connection with gRPC on it.
type Conn struct {
	GRPC *grpc.ClientConn
	compliancegrpc.ComplianceAgentClient
	mu  sync.Mutex
	tls *tls.Conn
}

// Exporter is what proofs on this connection are bound to.
func (c *Conn) Exporter() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tls == nil {
		return nil, errors.New("the connection is not up")
	}
	state := c.tls.ConnectionState()
	return state.ExportKeyingMaterial("EXPORTER-osiris-register", nil, 32)
}

// Resumed reports whether the TLS session was resumed.
func (c *Conn) Resumed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tls != nil && c.tls.ConnectionState().DidResume
}

// Dial connects to the appliance and waits until TLS is up.
func (a *Agent) Dial(ctx context.Context, addr string, root *x509.Certificate) (*Conn, error) {
	c := &Conn{}
	pool := x509.NewCertPool()
	pool.AddCert(root)
	config := &tls.Config{
		MinVersion: tls.VersionTLS13, RootCAs: pool, ServerName: "appliance." + SiteID + ".osiris.internal", NextProtos: []string{"h2"},
		ClientSessionCache: a.Sessions,
	}
	if a.Certificate != nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &tls.Certificate{Certificate: [][]byte{a.Certificate}, PrivateKey: a.Key}, nil
		}
	}
	// The connection is dialled by ourselves, so that its exporter is at hand.
	conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	up, ok := conn.(*tls.Conn)
	if !ok {
		return nil, errors.Join(errors.New("not a TLS connection"), conn.Close())
	}
	c.tls = up
	given := false
	c.GRPC, err = grpc.NewClient("passthrough:///appliance", grpc.WithTransportCredentials(ready{}),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) {
			if given {
				return nil, errors.New("the connection is gone")
			}
			given = true
			return up, nil
		}))
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	c.ComplianceAgentClient = compliancegrpc.NewComplianceAgentClient(c.GRPC)
	return c, nil
}

// Close ends the connection, also when gRPC never used it.
func (c *Conn) Close() error {
	_ = c.tls.NetConn().Close() // closing twice, or after the peer did, is fine here
	return c.GRPC.Close()
}

// ready is credentials for a connection that is secure already.
type ready struct {
	credentials.TransportCredentials
}

func (ready) ClientHandshake(_ context.Context, _ string, c net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return c, credentials.TLSInfo{CommonAuthInfo: credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}}, nil
}

func (ready) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "tls"}
}
func (r ready) Clone() credentials.TransportCredentials { return r }

// Prove signs the transcript of an enrolment (text "osiris register v1" and the
// token's hash) or a renewal.
func (a *Agent) Prove(text string, subject, exporter []byte) ([]byte, error) {
	digest := sha256.Sum256(slices.Concat([]byte(text), []byte{0}, subject, exporter, a.Public()))
	return ecdsa.SignASN1(rand.Reader, a.Key, digest[:])
}

// Register enrols with a token and keeps the certificate.
func (a *Agent) Register(ctx context.Context, c *Conn, token string) (*compliancev1.RegisterResponse, error) {
	exporter, err := c.Exporter()
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256([]byte(token))
	proof, err := a.Prove("osiris register v1", hash[:], exporter)
	if err != nil {
		return nil, err
	}
	out, err := c.Register(ctx, &compliancev1.RegisterRequest{Token: token, PublicKey: a.Public(), Proof: proof, Host: a.Host})
	if err != nil {
		return nil, err
	}
	a.ID, a.Certificate = out.GetAgentId(), out.GetCertificate()
	return out, nil
}

// Renew asks for the next certificate for the same key, or for next when it is
// given.
func (a *Agent) Renew(ctx context.Context, c *Conn, next *ecdsa.PrivateKey) (*compliancev1.RenewResponse, error) {
	exporter, err := c.Exporter()
	if err != nil {
		return nil, err
	}
	asker := *a
	if next != nil {
		asker.Key = next
	}
	old := sha256.Sum256(a.Certificate)
	proof, err := asker.Prove("osiris renew v1", old[:], exporter)
	if err != nil {
		return nil, err
	}
	return c.Renew(ctx, &compliancev1.RenewRequest{PublicKey: asker.Public(), Proof: proof})
}

// Enrol does all that makes the machine a known agent.
func (a *Agent) Enrol(ctx context.Context, to *Appliance) error {
	token, err := to.Token(ctx)
	if err != nil {
		return err
	}
	c, err := a.Dial(ctx, to.Addr, to.Site.Identity.SiteRoot)
	if err != nil {
		return err
	}
	_, err = a.Register(ctx, c, token)
	return errors.Join(err, c.Close())
}

// Hello is the first message of a session whose queue is at next.
func (a *Agent) Hello(next uint64) *compliancev1.Hello {
	return &compliancev1.Hello{
		QueueId: a.QueueID, First: 1, Next: next, SessionNonce: a.Nonce, Host: a.Host, SentMs: time.Now().UnixMilli(),
	}
}

// Session is an open stream.
type Session struct {
	Welcome *compliancev1.Welcome
	grpc.BidiStreamingClient[compliancev1.AgentMessage, compliancev1.ApplianceMessage]
}

// Connect opens a session and waits for the Welcome.
func (a *Agent) Connect(ctx context.Context, c *Conn, next uint64) (*Session, error) {
	stream, err := c.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := stream.Send(&compliancev1.AgentMessage{Body: &compliancev1.AgentMessage_Hello{Hello: a.Hello(next)}}); err != nil {
		_, err = stream.Recv() // says why
		return nil, err
	}
	m, err := stream.Recv()
	if err != nil {
		return nil, err
	}
	return &Session{Welcome: m.GetWelcome(), BidiStreamingClient: stream}, nil
}

// Report sends records.
func (s *Session) Report(queueID []byte, records ...*compliancev1.Record) error {
	return s.Send(&compliancev1.AgentMessage{Body: &compliancev1.AgentMessage_Report{Report: &compliancev1.Report{QueueId: queueID, Records: records}}})
}

// Ack waits for an acknowledgement and passes over other messages.
func (s *Session) Ack() (uint64, error) {
	for {
		m, err := s.Recv()
		if err != nil {
			return 0, err
		}
		if a := m.GetAck(); a != nil {
			return a.GetThrough(), nil
		}
	}
}

// Verdict is a record of one verdict.
func Verdict(seq uint64, check string, status compliancev1.Status) *compliancev1.Record {
	now := time.Now().UnixMilli()
	v := &compliancev1.Verdict{
		CheckId: check, Status: status, Actual: "value", Expected: "other", Reason: "A reason of one sentence.", Cause: "change", ObservedMs: now,
		Facts: []*compliancev1.Fact{{Name: "kernel.kptr_restrict", Value: "0"}, {Name: "kernel.kptr_restrict.file", Value: "/etc/sysctl.d/60-osiris.conf"}},
	}
	if status == compliancev1.Status_STATUS_FAIL {
		v.Severity = "medium"
	}
	return &compliancev1.Record{Seq: seq, RecordId: Random(), CreatedMs: now, Body: &compliancev1.Record_Verdict{Verdict: v}}
}

// OpenCommand reads a command without asking who signed it.
func OpenCommand(e *trustv1.SignedEnvelope) *trustv1.Command {
	c := &trustv1.Command{}
	if proto.Unmarshal(e.GetPayload(), c) != nil {
		return nil
	}
	return c
}
