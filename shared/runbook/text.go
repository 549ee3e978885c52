package runbook

import (
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// Kind is what a text is for.
type Kind string

// Kinds of text. Snapshot, Remediate and Rollback are also the names of a
// document's parts.
const (
	// Bootstrap is what a command line of Windows carries; it reads the rest.
	Bootstrap Kind = "bootstrap"
	// Prelude comes before the parts and has what they share.
	Prelude Kind = "prelude"
	// Postlude comes after them, on Linux.
	Postlude  Kind = "postlude"
	Facts     Kind = "facts"
	Snapshot  Kind = "snapshot"
	Remediate Kind = "remediate"
	Rollback  Kind = "rollback"
)

// Text is one file that may run on a host. Callers read it and do not change it.
type Text struct {
	// Path is below the folder of scripts: windows/facts/firewall.ps1.
	Path     string
	Platform string
	Kind     Kind
	// Check is what a facts script is for.
	Check check.ID
	// Runbook is whose phase it is.
	Runbook string
	Body    string
	// Declared resources and effects; what the kinds of the frame share has none.
	Reads, Writes []string
	Effects       []Effect
	Refuses       []Refusal
	// TimeoutSeconds bounds it alone.
	TimeoutSeconds int
}

// Timeout is the longest time the text may take alone.
func (t *Text) Timeout() time.Duration { return time.Duration(t.TimeoutSeconds) * time.Second }
