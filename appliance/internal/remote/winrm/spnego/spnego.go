// Package spnego is the initiator of RFC 4178 with one mechanism on offer, as
// HTTP's Negotiate scheme carries it. It frames tokens and, when the peer sends
// one, checks the integrity code over the list of mechanisms.
//
// One mechanism is all we ever offer, so that nobody in between can choose a
// weaker one: a reply that names another is ErrMechanism. ErrToken means bytes
// that are no reply, ErrRejected that the peer said no.
package spnego

import (
	"encoding/asn1"
	"errors"
	"fmt"
)

var (
	// ErrToken means that the peer's token cannot be read.
	ErrToken = errors.New("malformed spnego token")
	// ErrRejected means that the peer refused.
	ErrRejected = errors.New("negotiation rejected by the peer")
	// ErrMechanism means that the peer chose what was not offered.
	ErrMechanism = errors.New("peer chose another mechanism")
)

// The object identifiers of the mechanisms.
var (
	oidSPNEGO = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 2}
	// NTLM is NTLMSSP (MS-SPNG 1.9).
	NTLM = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 2, 10}
	// Kerberos is RFC 4121's.
	Kerberos = asn1.ObjectIdentifier{1, 2, 840, 113554, 1, 2, 2}
	// kerberosMS is what Windows 2000 sent, and what Windows may answer with
	// (MS-SPNG 3.1.5.2).
	kerberosMS = asn1.ObjectIdentifier{1, 2, 840, 48018, 1, 2, 2}
)

// State is the negotiation's state as the peer tells it.
type State int

// The states of RFC 4178 4.2.2.
const (
	Completed  State = 0
	Incomplete State = 1
	Rejected   State = 2
	RequestMIC State = 3
	// Untold is ours: the field is optional.
	Untold State = -1
)

// Reply is a token of the peer.
type Reply struct {
	State State
	Token []byte
	MIC   []byte
}

type negTokenInit struct {
	MechTypes []asn1.ObjectIdentifier `asn1:"explicit,tag:0"`
	MechToken []byte                  `asn1:"explicit,optional,tag:2"`
}

type negTokenResp struct {
	State     asn1.Enumerated       `asn1:"explicit,optional,tag:0,default:-1"`
	Mechanism asn1.ObjectIdentifier `asn1:"explicit,optional,tag:1"`
	Token     []byte                `asn1:"explicit,optional,tag:2"`
	MIC       []byte                `asn1:"explicit,optional,tag:3"`
}

type negTokenOut struct {
	Token []byte `asn1:"explicit,optional,tag:2"`
	MIC   []byte `asn1:"explicit,optional,tag:3"`
}

// maxToken bounds what is parsed; a Kerberos reply has a few hundred bytes.
const maxToken = 1 << 16

// Init is the first token: the offer and the mechanism's own first token.
func Init(mechanism asn1.ObjectIdentifier, token []byte) ([]byte, error) {
	inner, err := asn1.MarshalWithParams(negTokenInit{[]asn1.ObjectIdentifier{mechanism}, token}, "explicit,tag:0")
	if err != nil {
		return nil, fmt.Errorf("encoding spnego offer: %w", err)
	}
	return Frame(oidSPNEGO, inner)
}

// Frame is RFC 2743 3.1's envelope around a mechanism's first token.
func Frame(mechanism asn1.ObjectIdentifier, token []byte) ([]byte, error) {
	oid, err := asn1.Marshal(mechanism)
	if err != nil {
		return nil, fmt.Errorf("encoding mechanism: %w", err)
	}
	return asn1.Marshal(asn1.RawValue{Class: asn1.ClassApplication, Tag: 0, IsCompound: true, Bytes: append(oid, token...)})
}

// Unframe takes the envelope off and checks the mechanism.
func Unframe(mechanism asn1.ObjectIdentifier, token []byte) ([]byte, error) {
	var outer asn1.RawValue
	rest, err := asn1.Unmarshal(token, &outer)
	if err != nil || len(rest) != 0 || outer.Class != asn1.ClassApplication || outer.Tag != 0 || !outer.IsCompound {
		return nil, fmt.Errorf("%w: no mechanism's envelope", ErrToken)
	}
	var oid asn1.ObjectIdentifier
	inner, err := asn1.Unmarshal(outer.Bytes, &oid)
	if err != nil {
		return nil, fmt.Errorf("%w: no mechanism", ErrToken)
	}
	if !oid.Equal(mechanism) {
		return nil, fmt.Errorf("%w: %.60s", ErrMechanism, oid)
	}
	return inner, nil
}

// MechanismList is what the integrity codes cover.
func MechanismList(mechanism asn1.ObjectIdentifier) ([]byte, error) {
	return asn1.Marshal([]asn1.ObjectIdentifier{mechanism})
}

// Respond is every later token of ours.
func Respond(token, mic []byte) ([]byte, error) {
	return asn1.MarshalWithParams(negTokenOut{token, mic}, "explicit,tag:1")
}

// Parse reads a reply to an offer of the one mechanism.
func Parse(mechanism asn1.ObjectIdentifier, b []byte) (Reply, error) {
	if len(b) > maxToken {
		return Reply{}, fmt.Errorf("%w: %d bytes", ErrToken, len(b))
	}
	var m negTokenResp
	rest, err := asn1.UnmarshalWithParams(b, &m, "explicit,tag:1")
	if err != nil || len(rest) != 0 || m.State > asn1.Enumerated(RequestMIC) || m.State < asn1.Enumerated(Untold) {
		return Reply{}, fmt.Errorf("%w: no reply", ErrToken)
	}
	r := Reply{State: State(m.State), Token: m.Token, MIC: m.MIC}
	if r.State == Rejected {
		return r, ErrRejected
	}
	chosen := m.Mechanism
	if chosen.Equal(kerberosMS) {
		chosen = Kerberos
	}
	if len(chosen) != 0 && !chosen.Equal(mechanism) {
		return r, fmt.Errorf("%w: %.60s", ErrMechanism, chosen)
	}
	return r, nil
}
