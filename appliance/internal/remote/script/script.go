// Package script runs catalogue texts on one host that has no agent (DESIGN D8,
// D26, D27). A Road carries a document of package runbook to a Target and brings
// its reply; WinRM is one. An Executor runs a whole runbook over a road: detect,
// snapshot, remediate, verify, and rollback when verify does not pass. Detect and
// verify are the facts scripts of the runbook's checks and the judges of
// shared/check, so verify asserts all that detect does.
//
// Before each phase the journal in state.db says which; a restart inside
// remediate goes on with verify or rollback, and a phase whose outcome was lost is
// never run again before the host was looked at. What became of a run is one
// drift.Result, which takes the same road into evidence as an agent's. Times are
// time.Duration, in tables Unix milliseconds.
//
// Only hosts marked lab are changed over these roads so far; elsewhere there is
// detect and dry run. The site's tier binds (D14).
package script

import (
	"context"
	"crypto/x509"
	"errors"

	"github.com/osiriscare/osiris/shared/runbook"
)

// Errors that callers tell apart.
var (
	// ErrNoRoad means that nothing leads to such a host, or no such runbook does.
	ErrNoRoad = errors.New("no road to the host")
	// ErrBusy means that something else runs on the host.
	ErrBusy = errors.New("host is busy")
	// ErrPending means that a run waits to verify what it did: after a reboot,
	// or when the host can be reached again. Run goes on by itself.
	ErrPending = errors.New("verification is pending")
	// ErrTicketOnly means that a host must not be given what its credential proves
	// itself with.
	ErrTicketOnly = errors.New("computers that a domain lists are signed in to with Kerberos only, because anybody in it can add one: " +
		"give the credential of scan-with --method kerberos (osirisctl credential rotate)")
	// ErrHeld means that a credential is not used now, because a host refused it
	// and accounts lock.
	ErrHeld = errors.New("credential is held back")
)

// Kind says what a target is and how often it is scanned.
type Kind string

// The kinds, as Central's lists name them.
const (
	Windows     Kind = "windows"     // servers and domain controllers
	Workstation Kind = "workstation" // Windows workstations
	Linux       Kind = "linux"
)

// Platform is the catalogue's word for what runs there.
func (k Kind) Platform() string {
	if k == Linux {
		return "linux"
	}
	return "windows"
}

// Target is a host that is reached without an agent.
type Target struct {
	// ID is opaque and stays the same over edits of the rest.
	ID   string
	Kind Kind
	// Host is the name or address that is connected to.
	Host string
	// Port is the road's own when it is 0.
	Port int
	// Name is the host's in its certificate and to the KDC; Host when empty.
	Name string
	// Label is what people call it, shown where it has no name but an address.
	Label string
	// Domain is its DNS domain, if known.
	Domain string
	// ObjectGUID is Active Directory's, lower case with dashes, if known. Only by
	// it is a target the same host as an agent (D16).
	ObjectGUID string
	// HTTP, AllowBasic and AllowPlain weaken the road; a site must have said so.
	HTTP, AllowBasic, AllowPlain bool
	// CAs judge the certificate; the system's when nil. One pool per site.
	CAs *x509.CertPool
	// Pin is the SHA-256 of the certificate's public key; zero for none.
	Pin [32]byte
	// Credential names it in the store; host names never choose one.
	Credential string
	// TicketOnly hosts are shown Kerberos tickets and nothing else: whoever is
	// there cannot pass one on, as they could a proof by NTLM, nor guess by it.
	TicketOnly bool
	// Lab hosts may be changed.
	Lab bool
}

// Road carries documents to hosts.
type Road interface {
	// Run runs the document and gives the reply. Only an idempotent one may run
	// twice. The error says what kept the reply away.
	Run(ctx context.Context, t Target, d *runbook.Document, idempotent bool) (*runbook.Reply, error)
}

// Roads are the roads by platform.
type Roads map[string]Road

// Run takes the target's road.
func (r Roads) Run(ctx context.Context, t Target, d *runbook.Document, idempotent bool) (*runbook.Reply, error) {
	road := r[d.Platform]
	if road == nil || t.Kind.Platform() != d.Platform {
		return nil, ErrNoRoad
	}
	return road.Run(ctx, t, d, idempotent)
}
