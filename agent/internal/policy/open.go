package policy

import (
	"crypto/ed25519"
	"fmt"

	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/signed"
	"github.com/osiriscare/osiris/shared/trust"
)

// The functions here are shared/trust's Open, OpenPolicy and OpenCommand over
// package wire: trust's own decode with the generated methods, 80 KB. A test
// holds both to the same answers.

// Open verifies what somebody else than the site signed, encoded as it came.
func Open(envelope []byte, c signed.Context, pub ed25519.PublicKey, into wire.Message) error {
	return open(envelope, c, pub, into)
}

// open verifies an encoded envelope and decodes its payload, in this order.
func open(envelope []byte, c signed.Context, pub ed25519.PublicKey, into wire.Message) error {
	e, err := decodeEnvelope(envelope)
	if err != nil {
		return err
	}
	if len(pub) != ed25519.PublicKeySize {
		return signed.ErrMalformed
	}
	payload, err := e.Open(c, pub)
	if err != nil {
		return err
	}
	return wire.Decode(payload, into)
}

func decodeEnvelope(b []byte) (signed.Envelope, error) {
	w := &trustlite.SignedEnvelope{}
	if err := wire.Decode(b, (*wire.Envelope)(w)); err != nil {
		return signed.Envelope{}, err
	}
	return signed.FromWire(w)
}

// openChain verifies every signature of an encoded chain and that its root is
// the pinned one.
func openChain(b []byte, pin signed.KeyID) (*trust.Opened, error) {
	var chain wire.TrustChain
	if wire.Decode(b, &chain) != nil || len(chain.RootKey) != ed25519.PublicKeySize {
		return nil, signed.ErrMalformed
	}
	o := &trust.Opened{Root: signed.IDOf(chain.RootKey), Delegation: &trustlite.Delegation{}, Doc: &trustlite.TrustDoc{}}
	if o.Root != pin {
		return nil, trust.ErrUnpinned
	}
	if err := open(chain.Delegation, signed.Delegation, chain.RootKey, (*wire.Delegation)(o.Delegation)); err != nil {
		return nil, fmt.Errorf("opening delegation: %w", err)
	}
	if err := open(chain.Doc, signed.Trust, o.Delegation.OnlineKey, (*wire.TrustDoc)(o.Doc)); err != nil {
		return nil, fmt.Errorf("opening trust document: %w", err)
	}
	return o, nil
}

// openPolicy verifies a policy of the chain's site.
func openPolicy(o *trust.Opened, envelope []byte) (*trustlite.Policy, error) {
	policy := &trustlite.Policy{}
	if err := open(envelope, signed.Policy, o.Delegation.OnlineKey, (*wire.Policy)(policy)); err != nil {
		return nil, err
	}
	if policy.SiteId != o.Doc.SiteId {
		return nil, trust.ErrSite
	}
	return policy, nil
}

// openCommand verifies a command of a live appliance of the chain's site.
func openCommand(o *trust.Opened, envelope []byte) (*trustlite.Command, error) {
	e, err := decodeEnvelope(envelope)
	if err != nil {
		return nil, err
	}
	key := o.CommandKey(e.KeyID)
	if key == nil {
		return nil, signed.ErrKey
	}
	command := &trustlite.Command{}
	if err := open(envelope, signed.Command, key, (*wire.Command)(command)); err != nil {
		return nil, err
	}
	return command, nil
}
