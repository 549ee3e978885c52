package wire

// What a record holds. Comments are in compliance.proto.

// Record is one queued fact; of the four bodies one is set.
type Record struct {
	Seq                         uint64
	RecordID                    []byte
	CreatedMs                   int64
	Verdict, State, Result, Gap []byte
}

// Fields is the message's table.
func (m *Record) Fields(c *Codec) {
	c.Uint(1, &m.Seq)
	c.Bytes(2, &m.RecordID)
	c.Int(3, &m.CreatedMs)
	c.Sub(4, &m.Verdict)
	c.Sub(5, &m.State)
	c.Sub(6, &m.Result)
	c.Sub(7, &m.Gap)
}

// Verdict is what a judge made of facts. Status has the numbers of check.Status.
type Verdict struct {
	CheckID                            string
	Status                             uint64
	Severity, Actual, Expected, Reason string
	Facts                              [][]byte // each a Fact
	ObservedMs                         int64
	Cause                              string
}

// Fields is the message's table.
func (m *Verdict) Fields(c *Codec) {
	c.String(1, &m.CheckID)
	c.Uint(2, &m.Status)
	c.String(3, &m.Severity)
	c.String(4, &m.Actual)
	c.String(5, &m.Expected)
	c.String(6, &m.Reason)
	c.List(7, &m.Facts)
	c.Int(8, &m.ObservedMs)
	c.String(9, &m.Cause)
}

// Fact is one named raw value.
type Fact struct{ Name, Value string }

// Fields is the message's table.
func (m *Fact) Fields(c *Codec) {
	c.String(1, &m.Name)
	c.String(2, &m.Value)
}

// StateReport is the whole truth at one moment.
type StateReport struct {
	Verdicts [][]byte // each a Verdict
	Cause    string
}

// Fields is the message's table.
func (m *StateReport) Fields(c *Codec) {
	c.List(1, &m.Verdicts)
	c.String(2, &m.Cause)
}

// Gap stands for records that will never come.
type Gap struct {
	From, To, Count uint64
	Reason          string
}

// Fields is the message's table.
func (m *Gap) Fields(c *Codec) {
	c.Uint(1, &m.From)
	c.Uint(2, &m.To)
	c.Uint(3, &m.Count)
	c.String(4, &m.Reason)
}

// Outcome of a command, with the numbers of compliance.v1.Outcome.
type Outcome uint64

// The outcomes; 0 is not set.
const (
	Healed     Outcome = 1
	NotNeeded  Outcome = 2
	RolledBack Outcome = 3
	Failed     Outcome = 4
	Refused    Outcome = 5
	DryRun     Outcome = 6
)

// CommandResult is what became of a command.
type CommandResult struct {
	CommandID                      []byte
	RunbookID, CheckID, IncidentID string
	Outcome                        Outcome
	Message                        string
	Phases                         [][]byte // each a PhaseResult
	Before, After                  []byte   // each a Verdict
	Resumed                        bool
}

// Fields is the message's table.
func (m *CommandResult) Fields(c *Codec) {
	c.Bytes(1, &m.CommandID)
	c.String(2, &m.RunbookID)
	c.String(3, &m.CheckID)
	c.String(4, &m.IncidentID)
	c.Uint(5, (*uint64)(&m.Outcome))
	c.String(6, &m.Message)
	c.List(7, &m.Phases)
	c.Sub(8, &m.Before)
	c.Sub(9, &m.After)
	c.Bool(10, &m.Resumed)
}

// PhaseResult is one step of a runbook.
type PhaseResult struct {
	Phase                 string
	OK                    bool
	Detail                string
	StartedMs, DurationMs int64
}

// Fields is the message's table.
func (m *PhaseResult) Fields(c *Codec) {
	c.String(1, &m.Phase)
	c.Bool(2, &m.OK)
	c.String(3, &m.Detail)
	c.Int(4, &m.StartedMs)
	c.Int(5, &m.DurationMs)
}
