// Package remote is how a runbook reaches a host, whatever the road (DESIGN
// D2): a Target, a runbook and its parameters go in, a Delivery comes out. The
// agent's road answers later, through the queue, because one command is the
// whole runbook run by the agent itself (D8). ErrAway means that the host
// cannot be reached now; trying again later is right.
package remote

import (
	"errors"
	"time"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// ErrAway means that the host has no session now.
var ErrAway = errors.New("host is away")

// Target is the host a runbook runs on.
type Target struct {
	HostID  string
	AgentID string // set when the road is the agent's
}

// Run is one ordered runbook. Redelivering it with the same CommandID runs
// nothing twice.
type Run struct {
	CommandID     [16]byte
	Runbook       *runbook.Runbook
	Parameters    map[string]string
	IncidentID    string
	CheckID       check.ID
	PolicyVersion uint64
	Timeout       time.Duration
	DryRun        bool
	// Session is the session it was last sent on, empty at first: on the same
	// one it is not sent again.
	Session []byte
}

// Delivery says where a run was handed over.
type Delivery struct {
	Session []byte // nonce of the session, 16 bytes
	Sent    bool   // false when that session already had it
}
