// Package trust says who may sign what (DESIGN D10, D13, D14). A Chain is a
// delegation by the Central root and a site's TrustDoc by the delegated online
// key; Open verifies both against the one thing that is pinned, the root's
// fingerprint. Policies are signed by the online key of the same chain.
// Versions only grow: Newer refuses a step back. Times are Unix milliseconds.
// The messages are the lite ones, so that the agent can use this package.
package trust

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/signed"
)

// Errors that callers tell apart.
var (
	ErrUnpinned = errors.New("chain is not signed by the pinned Central root")
	ErrOlder    = errors.New("older than the version already held")
	ErrSite     = errors.New("document is for another site")
	ErrExpired  = errors.New("document has expired")
)

// Opened is a verified chain.
type Opened struct {
	Root       signed.KeyID
	Delegation *trustlite.Delegation
	Doc        *trustlite.TrustDoc
}

// Open verifies every signature of chain and that its root is the pinned one.
// It does not look at the clock: evidence is verified years later, and a live
// caller asks Valid.
func Open(chain *trustlite.TrustChain, pin signed.KeyID) (*Opened, error) {
	opened, err := OpenUnpinned(chain)
	if err != nil {
		return nil, err
	}
	if opened.Root != pin {
		return nil, fmt.Errorf("%w: it names %s", ErrUnpinned, opened.Root)
	}
	return opened, nil
}

// OpenUnpinned verifies that chain is consistent in itself. Whoever made the
// root key could have made all of it.
func OpenUnpinned(chain *trustlite.TrustChain) (*Opened, error) {
	if chain == nil || chain.Delegation == nil || chain.Doc == nil {
		return nil, fmt.Errorf("reading trust chain: %w", signed.ErrMalformed)
	}
	root := ed25519.PublicKey(chain.RootKey)
	if len(root) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("reading root key: %w", signed.ErrMalformed)
	}
	delegation := &trustlite.Delegation{}
	if err := open(chain.Delegation, signed.Delegation, root, delegation); err != nil {
		return nil, fmt.Errorf("opening delegation: %w", err)
	}
	doc := &trustlite.TrustDoc{}
	if err := open(chain.Doc, signed.Trust, delegation.OnlineKey, doc); err != nil {
		return nil, fmt.Errorf("opening trust document: %w", err)
	}
	return &Opened{Root: signed.IDOf(root), Delegation: delegation, Doc: doc}, nil
}

// message is a lite protobuf message.
type message interface{ UnmarshalVT([]byte) error }

// open verifies an envelope and decodes its payload, in this order.
func open(w signed.Wire, c signed.Context, pub ed25519.PublicKey, into message) error {
	envelope, err := signed.FromWire(w)
	if err != nil {
		return err
	}
	if len(pub) != ed25519.PublicKeySize {
		return signed.ErrMalformed
	}
	payload, err := envelope.Open(c, pub)
	if err != nil {
		return err
	}
	return into.UnmarshalVT(payload)
}

// Newer reports whether next may replace held: both versions count, and
// neither may go back. held may be nil.
func (o *Opened) Newer(held *Opened) error {
	if held == nil {
		return nil
	}
	if o.Doc.SiteId != held.Doc.SiteId {
		return ErrSite
	}
	if o.Doc.Version < held.Doc.Version || o.Delegation.Version < held.Delegation.Version {
		return fmt.Errorf("%w: trust document %d, held %d", ErrOlder, o.Doc.Version, held.Doc.Version)
	}
	return nil
}

// Valid reports whether both documents hold at nowMs.
func (o *Opened) Valid(nowMs int64) error {
	if nowMs >= o.Doc.ExpiresMs || nowMs >= o.Delegation.ExpiresMs {
		return ErrExpired
	}
	return nil
}

// AgentRevoked reports whether the document revokes the agent.
func (o *Opened) AgentRevoked(agentID string) bool {
	for _, id := range o.Doc.RevokedAgents {
		if id == agentID {
			return true
		}
	}
	return false
}

// SerialRevoked reports whether the document revokes the certificate serial.
func (o *Opened) SerialRevoked(serial []byte) bool {
	for _, s := range o.Doc.RevokedSerials {
		if string(s) == string(serial) {
			return true
		}
	}
	return false
}

// CommandKey returns the live appliance key with this id, or nil.
func (o *Opened) CommandKey(id signed.KeyID) ed25519.PublicKey {
	for _, a := range o.Doc.Appliances {
		if !a.Retired && signed.IDOf(a.CommandKey) == id {
			return a.CommandKey
		}
	}
	return nil
}

// Appliance returns the keys of the appliance whose bundle key has this id, or
// nil. Retired appliances count: their evidence still proves.
func (o *Opened) Appliance(bundleKey signed.KeyID) *trustlite.ApplianceKeys {
	for _, a := range o.Doc.Appliances {
		if signed.IDOf(a.BundleKey) == bundleKey {
			return a
		}
	}
	return nil
}
