// Package action heals: it holds the compiled list of what this agent can do and
// the journal that makes each command happen at most once (DESIGN D8, D14, D26).
// A command is one whole runbook run here: detect, snapshot, remediate, verify,
// and rollback when verify does not pass. The phase is written to the journal
// before it begins, the result in the same transaction as its record in the
// queue; both live in the queue's file. After a crash nothing is begun twice: a
// command found in remediate or later is verified, and rolled back when it does
// not pass. Times are Unix milliseconds. Nothing here takes text from the
// network into a path, a program or a file.
package action

import (
	"context"

	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/check"
)

// Action is one fix. Detect and verify are the check's own reader and judge.
type Action struct {
	Runbook string   // id in the catalogue, as commands name it
	Check   check.ID // what it heals
	Tier    trustlite.Tier

	// Plan says in one sentence what Apply would do.
	Plan string
	Fix  Fix

	_ [0]func() // nobody compares actions: the code to do it is half a kilobyte
}

// Fix is how an action changes a host and takes it back.
type Fix interface {
	// Snapshot keeps all that Apply changes, in bytes that Revert understands.
	Snapshot(ctx context.Context, h *Host) ([]byte, error)
	// Apply changes the host and says what it did. It may be cut off anywhere.
	Apply(ctx context.Context, h *Host) (detail string, err error)
	// Revert restores the snapshot. Repeating it is harmless.
	Revert(ctx context.Context, h *Host, snapshot []byte) error
}

// Host is what an action works on.
type Host struct {
	Root       string // folder in which files are looked for
	Parameters check.Parameters

	// Verdict is what detect found, for Snapshot; nil afterwards, which may be after
	// a restart.
	Verdict *check.Verdict
	// Snapshot is for Apply.
	Snapshot []byte

	windows windows
	journal journal
}

// List is every action of this agent. A runbook that is not here cannot run,
// whoever signs for it.
func List() []Action { return own() }

func find(actions []Action, runbook string) *Action {
	for i := range actions {
		if actions[i].Runbook == runbook {
			return &actions[i]
		}
	}
	return nil
}
