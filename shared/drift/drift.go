// Package drift holds the one event that agents, sensors and scans all become
// before anything is decided (DESIGN §3), and makes it from what they send.
//
// Everything that arrives is foreign. A record or body either becomes a bounded,
// well-formed Event or an error that wraps ErrMalformed or ErrTooLarge and says
// what was wrong. A receiver may not stop at a bad record, since the queue
// behind it would wait for ever: Refuse makes the event that stands for it.
// Times are UTC. A sender's clock is never a reason to refuse: times before 2020
// or more than ClockAhead past the receiver's clock are kept and the event is
// marked ClockSuspect (D15). Ids are text; queue, record and command ids are 32
// lower-case hexadecimal digits.
package drift

import (
	"errors"
	"time"
)

// Errors that callers tell apart.
var (
	// ErrMalformed means that the sender broke the contract.
	ErrMalformed = errors.New("malformed")
	// ErrTooLarge means that something is over a limit of this package.
	ErrTooLarge = errors.New("over the limit")
)

// Kind says which part of an event is set.
type Kind string

// Kinds.
const (
	KindVerdict Kind = "verdict" // Verdict
	KindState   Kind = "state"   // State
	KindResult  Kind = "result"  // Result
	KindGap     Kind = "gap"     // Gap
	KindRefused Kind = "refused" // Refused
)

// Source says by which road an event came.
type Source string

// Sources.
const (
	SourceAgent   Source = "agent"
	SourceSensor  Source = "sensor"
	SourceWinRM   Source = "winrm"
	SourceSSH     Source = "ssh"
	SourceNetwork Source = "network" // package posture of the appliance
)

// Event is one thing that a source said about one host.
type Event struct {
	Site   string
	HostID string
	Source Source
	// Asserted events come from senders that prove no identity: legacy sensors
	// (D16). They never clear another source's drift.
	Asserted bool
	// Key is zero but for agents.
	Key  Key
	Kind Kind

	// One of these is set, as Kind says.
	Verdict *Verdict
	State   *State
	Result  *Result
	Gap     *Gap
	Refused string

	// AgentTime is the sender's clock, ReceivedTime the receiver's.
	AgentTime    time.Time
	ReceivedTime time.Time
	// ClockSuspect is set when the sender's clock cannot be right.
	ClockSuspect bool
}

// Key names an agent's record for good (D4).
type Key struct {
	AgentID  string
	QueueID  string
	Seq      uint64
	RecordID string
}

// Origin is what the receiver knows by itself about a sender.
type Origin struct {
	Site    string
	HostID  string
	AgentID string
	Source  Source
	// ReceivedAt is the receiver's clock.
	ReceivedAt time.Time
	// ClockSuspect is set when the session already said so (D15).
	ClockSuspect bool
}

func (o Origin) event() Event {
	return Event{
		Site: o.Site, HostID: o.HostID, Source: o.Source, Asserted: o.Source == SourceSensor,
		ReceivedTime: o.ReceivedAt.UTC(), ClockSuspect: o.ClockSuspect,
	}
}

// Verdicts are the verdicts of e that tell a host's state: one, all of a state
// report, the last one of a command's result, or none.
func (e *Event) Verdicts() []Verdict {
	switch {
	case e.Verdict != nil:
		return []Verdict{*e.Verdict}
	case e.State != nil:
		return e.State.Verdicts
	case e.Result != nil && e.Result.After != nil:
		return []Verdict{*e.Result.After}
	default:
		return nil
	}
}
