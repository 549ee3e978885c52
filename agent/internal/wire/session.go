package wire

// The messages of a session. Comments are in compliance.proto.

// Numbers of AgentMessage's members.
const (
	AgentHello     = 1
	AgentReport    = 2
	AgentHeartbeat = 3
)

// Hello opens a session.
type Hello struct {
	QueueID       []byte
	First, Next   uint64
	PolicyVersion uint64
	TrustVersion  uint64
	VerdictDigest []byte
	SessionNonce  []byte
	Host          []byte // a HostFacts
	SentMs        int64
	StoreID       []byte
	ClockSuspect  bool
	OpenCommands  [][]byte

	SignatureVersion uint64
}

// Fields is the message's table.
func (m *Hello) Fields(c *Codec) {
	c.Bytes(1, &m.QueueID)
	c.Uint(2, &m.First)
	c.Uint(3, &m.Next)
	c.Uint(4, &m.PolicyVersion)
	c.Uint(5, &m.TrustVersion)
	c.Bytes(6, &m.VerdictDigest)
	c.Bytes(7, &m.SessionNonce)
	c.Sub(8, &m.Host)
	c.Int(9, &m.SentMs)
	c.Bytes(10, &m.StoreID)
	c.Bool(11, &m.ClockSuspect)
	c.List(12, &m.OpenCommands)
	c.Uint(13, &m.SignatureVersion)
}

// ApplianceMessage is one member of the oneof; the others are nil.
type ApplianceMessage struct {
	Welcome, Ack, Command, Policy, Drain, StateRequest, Signatures []byte
}

// Fields is the message's table.
func (m *ApplianceMessage) Fields(c *Codec) {
	c.Sub(1, &m.Welcome)
	c.Sub(2, &m.Ack)
	c.Sub(3, &m.Command)
	c.Sub(4, &m.Policy)
	c.Sub(5, &m.Drain)
	c.Sub(6, &m.StateRequest)
	c.Sub(7, &m.Signatures)
}

// Welcome answers Hello.
type Welcome struct {
	StoreID             []byte
	AckedThrough        uint64
	AckedRecordID       []byte
	MaxInFlightBytes    uint32
	ServerMs            int64
	RetryDelayMs        uint32
	Trust               []byte // a trust.v1.TrustChain
	Policy              []byte // a trust.v1.SignedEnvelope
	StateWanted         bool
	HeartbeatIntervalMs uint32
	AgentID             string
	Signatures          []byte // a trust.v1.SignedEnvelope
}

// Fields is the message's table.
func (m *Welcome) Fields(c *Codec) {
	c.Bytes(1, &m.StoreID)
	c.Uint(2, &m.AckedThrough)
	c.Bytes(3, &m.AckedRecordID)
	c.Uint32(4, &m.MaxInFlightBytes)
	c.Int(5, &m.ServerMs)
	c.Uint32(6, &m.RetryDelayMs)
	c.Sub(7, &m.Trust)
	c.Sub(8, &m.Policy)
	c.Bool(9, &m.StateWanted)
	c.Uint32(10, &m.HeartbeatIntervalMs)
	c.String(11, &m.AgentID)
	c.Sub(12, &m.Signatures)
}

// Ack is cumulative.
type Ack struct {
	QueueID []byte
	Through uint64
}

// Fields is the message's table.
func (m *Ack) Fields(c *Codec) {
	c.Bytes(1, &m.QueueID)
	c.Uint(2, &m.Through)
}

// PolicyUpdate carries new signed settings.
type PolicyUpdate struct{ Trust, Policy []byte }

// Fields is the message's table.
func (m *PolicyUpdate) Fields(c *Codec) {
	c.Sub(1, &m.Trust)
	c.Sub(2, &m.Policy)
}

// Drain says that the appliance is going away.
type Drain struct{ RetryDelayMs uint32 }

// Fields is the message's table.
func (m *Drain) Fields(c *Codec) { c.Uint32(1, &m.RetryDelayMs) }

// Heartbeat is a sign of life.
type Heartbeat struct {
	SentMs          int64
	VerdictDigest   []byte
	Queued, Dropped uint64
	DiskFull        bool
}

// Fields is the message's table.
func (m *Heartbeat) Fields(c *Codec) {
	c.Int(1, &m.SentMs)
	c.Bytes(2, &m.VerdictDigest)
	c.Uint(3, &m.Queued)
	c.Uint(4, &m.Dropped)
	c.Bool(5, &m.DiskFull)
}

// Report carries queued records.
type Report struct {
	QueueID []byte
	Records [][]byte // each a Record
}

// Fields is the message's table.
func (m *Report) Fields(c *Codec) {
	c.Bytes(1, &m.QueueID)
	c.List(2, &m.Records)
}
