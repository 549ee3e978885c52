package wire

// The messages of self-update. Comments are in compliance.proto.

// CheckUpdateRequest asks whether there is a newer agent.
type CheckUpdateRequest struct {
	OS, Arch, Version string
	Built             int64
	RootVersion       uint64
	Outcome           []byte // an UpdateOutcome
}

// Fields is the message's table.
func (m *CheckUpdateRequest) Fields(c *Codec) {
	c.String(1, &m.OS)
	c.String(2, &m.Arch)
	c.String(3, &m.Version)
	c.Int(4, &m.Built)
	c.Uint(5, &m.RootVersion)
	c.Sub(6, &m.Outcome)
}

// States of an UpdateOutcome.
const (
	UpdateInstalled  = 1
	UpdateRolledBack = 2
	UpdateFailed     = 3
	UpdateTrial      = 4
)

// UpdateOutcome is how an update ended.
type UpdateOutcome struct {
	SHA256   []byte
	State    uint64
	Reason   string
	Failures uint64
}

// Fields is the message's table.
func (m *UpdateOutcome) Fields(c *Codec) {
	c.Bytes(1, &m.SHA256)
	c.Uint(2, &m.State)
	c.String(3, &m.Reason)
	c.Uint(4, &m.Failures)
}

// CheckUpdateResponse offers a program or none.
type CheckUpdateResponse struct {
	Metadata []byte // a trust.v1.ReleaseBundle
	Path     string
	WaitMs   uint32
}

// Fields is the message's table.
func (m *CheckUpdateResponse) Fields(c *Codec) {
	c.Sub(1, &m.Metadata)
	c.String(2, &m.Path)
	c.Uint32(3, &m.WaitMs)
}

// FetchTargetRequest asks for a piece of a target.
type FetchTargetRequest struct {
	Path   string
	Offset uint64
	Limit  uint32
}

// Fields is the message's table.
func (m *FetchTargetRequest) Fields(c *Codec) {
	c.String(1, &m.Path)
	c.Uint(2, &m.Offset)
	c.Uint32(3, &m.Limit)
}

// FetchTargetResponse is the piece.
type FetchTargetResponse struct{ Content []byte }

// Fields is the message's table.
func (m *FetchTargetResponse) Fields(c *Codec) { c.Bytes(1, &m.Content) }
