// Package signed is the product's one signature: Ed25519 (RFC 8032) over
//
//	context || 0x00 || key id || payload
//
// where context is one of the constants here, key id is the SHA-256 of the raw
// 32-byte public key, and payload is the exact bytes that travel (DESIGN D13).
// A signature made in one context never verifies in another. Signatures are 64
// raw bytes. ErrSignature means the bytes, the context or the key differ;
// ErrKey means the key is not the one that was asked for; ErrWeakKey that the
// public key is one under which a signature shows nothing (ValidKey).
package signed

import (
	"crypto/ed25519"
	"errors"
	"fmt"
)

// Context separates what a key may sign from everything else it may sign.
type Context string

// The contexts in use. A new kind of signed thing gets a new one.
const (
	Delegation Context = "osiris/delegation/v1" // Central root over a Delegation
	Trust      Context = "osiris/trust/v1"      // Central online over a TrustDoc
	Policy     Context = "osiris/policy/v1"     // Central online over a Policy
	Decision   Context = "osiris/decision/v1"   // Central online over an AgentDecision
	Order      Context = "osiris/order/v1"      // Central online over an Order
	Command    Context = "osiris/command/v1"    // appliance command key over a Command
	Bundle     Context = "osiris/bundle/v1"     // appliance bundle key over bundle.json
	Rotation   Context = "osiris/rotation/v1"   // old and new key over a key change
	RMM        Context = "osiris/rmm/v1"        // release key over a SignatureList
)

// Errors that callers tell apart.
var (
	ErrSignature = errors.New("signature does not verify")
	ErrKey       = errors.New("signed by another key")
	ErrMalformed = errors.New("malformed envelope")
)

// Envelope is a payload with its signature.
type Envelope struct {
	Payload   []byte // exact bytes that were signed
	KeyID     KeyID
	Signature []byte // 64 bytes
}

// Wire is an envelope as either protobuf runtime carries it.
type Wire interface {
	GetPayload() []byte
	GetKeyId() []byte
	GetSignature() []byte
}

// FromWire checks the shape of w; it verifies nothing.
func FromWire(w Wire) (Envelope, error) {
	if len(w.GetKeyId()) != len(KeyID{}) || len(w.GetSignature()) != ed25519.SignatureSize {
		return Envelope{}, ErrMalformed
	}
	return Envelope{Payload: w.GetPayload(), KeyID: KeyID(w.GetKeyId()), Signature: w.GetSignature()}, nil
}

// Open returns the payload if pub signed it in context c.
func (e Envelope) Open(c Context, pub ed25519.PublicKey) ([]byte, error) {
	if e.KeyID != IDOf(pub) {
		return nil, fmt.Errorf("%w: %s", ErrKey, e.KeyID)
	}
	if err := Verify(c, pub, e.Payload, e.Signature); err != nil {
		return nil, err
	}
	return e.Payload, nil
}

// Verify reports whether pub made signature over payload in context c.
func Verify(c Context, pub ed25519.PublicKey, payload, signature []byte) error {
	if len(signature) != ed25519.SignatureSize {
		return ErrMalformed
	}
	if err := ValidKey(pub); err != nil {
		return err
	}
	if !ed25519.Verify(pub, Message(c, pub, payload), signature) {
		return ErrSignature
	}
	return nil
}

// Message is what Ed25519 signs. It is public so that others, openssl among
// them, can check a signature without this package.
func Message(c Context, pub ed25519.PublicKey, payload []byte) []byte {
	id := IDOf(pub)
	m := make([]byte, 0, len(c)+1+len(id)+len(payload))
	m = append(m, c...)
	m = append(m, 0)
	m = append(m, id[:]...)
	return append(m, payload...)
}
