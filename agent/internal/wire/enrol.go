package wire

// The messages of enrolment. Comments are in compliance.proto.

// HostFacts describe the machine.
type HostFacts struct {
	Hostname, Domain, OS, OSVersion, Arch, AgentVersion string
	MachineGUID, SMBIOSUUID, MachineSID, ADObjectGUID   string

	_ [0]func() // nobody compares: saves the function that would, 0.9 KB
}

// Fields is the message's table.
func (m *HostFacts) Fields(c *Codec) {
	c.String(1, &m.Hostname)
	c.String(2, &m.Domain)
	c.String(3, &m.OS)
	c.String(4, &m.OSVersion)
	c.String(5, &m.Arch)
	c.String(6, &m.AgentVersion)
	c.String(7, &m.MachineGUID)
	c.String(8, &m.SMBIOSUUID)
	c.String(9, &m.MachineSID)
	c.String(10, &m.ADObjectGUID)
}

// RegisterRequest asks for a first certificate.
type RegisterRequest struct {
	Token            string
	PublicKey, Proof []byte
	Host             []byte // a HostFacts
}

// Fields is the message's table.
func (m *RegisterRequest) Fields(c *Codec) {
	c.String(1, &m.Token)
	c.Bytes(2, &m.PublicKey)
	c.Bytes(3, &m.Proof)
	c.Sub(4, &m.Host)
}

// RegisterResponse carries the identity.
type RegisterResponse struct {
	AgentID     string
	Certificate []byte
	Chain       [][]byte
	Trust       []byte // a trust.v1.TrustChain
	Policy      []byte // a trust.v1.SignedEnvelope
	Pending     bool
}

// Fields is the message's table.
func (m *RegisterResponse) Fields(c *Codec) {
	c.String(1, &m.AgentID)
	c.Bytes(2, &m.Certificate)
	c.List(3, &m.Chain)
	c.Sub(4, &m.Trust)
	c.Sub(5, &m.Policy)
	c.Bool(6, &m.Pending)
}

// RenewRequest asks for the next certificate.
type RenewRequest struct{ PublicKey, Proof []byte }

// Fields is the message's table.
func (m *RenewRequest) Fields(c *Codec) {
	c.Bytes(1, &m.PublicKey)
	c.Bytes(2, &m.Proof)
}

// RenewResponse carries the next certificate.
type RenewResponse struct {
	Certificate []byte
	Chain       [][]byte
	Quarantined bool
}

// Fields is the message's table.
func (m *RenewResponse) Fields(c *Codec) {
	c.Bytes(1, &m.Certificate)
	c.List(2, &m.Chain)
	c.Bool(3, &m.Quarantined)
}
