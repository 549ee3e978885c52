// Package spnego reads and writes the negotiation of a mechanism, RFC 4178 as
// Windows speaks it ([MS-SPNG]): the client's NegTokenInit with its list of
// mechanisms and the first token of one, then NegTokenResp both ways. All is
// DER; object ids are kept as they stand on the wire, without their tag.
// What is not well formed is ErrToken.
package spnego

import (
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// ErrToken is a token that is not well formed.
var ErrToken = errors.New("malformed SPNEGO token")

// Contents of the object ids that WinRM clients offer.
var (
	oidSPNEGO = []byte{0x2b, 6, 1, 5, 5, 2}
	// NTLM is 1.3.6.1.4.1.311.2.2.10.
	NTLM = []byte{0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10}
	// Kerberos is 1.2.840.113554.1.2.2.
	Kerberos = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2}
	// MSKerberos is 1.2.840.48018.1.2.2, a slip of Windows 2000 that stayed.
	MSKerberos = []byte{0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 1, 2, 2}
)

// State is negState.
type State int

// The states of RFC 4178; Absent is a token without one.
const (
	AcceptCompleted State = iota
	AcceptIncomplete
	Reject
	RequestMIC
	Absent State = -1
)

// maxMechanisms bounds the list; Windows sends four.
const maxMechanisms = 32

// Init is NegTokenInit.
type Init struct {
	Mechanisms [][]byte
	// List is the DER of Mechanisms as it came: what mechListMIC signs.
	List  []byte
	Token []byte
	MIC   []byte
}

// Resp is NegTokenResp.
type Resp struct {
	State     State
	Mechanism []byte
	Token     []byte
	MIC       []byte
}

func context(n uint8) asn1.Tag { return asn1.Tag(n).ContextSpecific().Constructed() }

// IsInit says whether b begins as a NegTokenInit in its GSS-API frame.
func IsInit(b []byte) bool {
	_, err := frame(b)
	return err == nil
}

// frame takes the content of [APPLICATION 0] with SPNEGO's id.
func frame(b []byte) (cryptobyte.String, error) {
	in := cryptobyte.String(b)
	var app, oid cryptobyte.String
	if !in.ReadASN1(&app, asn1.Tag(0x60)) || !in.Empty() ||
		!app.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || string(oid) != string(oidSPNEGO) {
		return nil, fmt.Errorf("frame: %w", ErrToken)
	}
	return app, nil
}

// ParseInit reads a NegTokenInit in its frame.
func ParseInit(b []byte) (*Init, error) {
	app, err := frame(b)
	if err != nil {
		return nil, err
	}
	var outer, seq, types cryptobyte.String
	if !app.ReadASN1(&outer, context(0)) || !outer.ReadASN1(&seq, asn1.SEQUENCE) ||
		!seq.ReadASN1(&types, context(0)) {
		return nil, fmt.Errorf("NegTokenInit: %w", ErrToken)
	}
	out := &Init{}
	if out.List, out.Mechanisms, err = mechanisms(types); err != nil {
		return nil, err
	}
	var flags cryptobyte.String
	var present bool
	if !seq.ReadOptionalASN1(&flags, &present, context(1)) {
		return nil, fmt.Errorf("reqFlags: %w", ErrToken)
	}
	if out.Token, err = octets(&seq, 2); err != nil {
		return nil, err
	}
	// Windows writes NegTokenInit2 in hints of a server; as client it does not.
	if out.MIC, err = octets(&seq, 3); err != nil {
		return nil, err
	}
	return out, nil
}

func mechanisms(types cryptobyte.String) (list []byte, oids [][]byte, err error) {
	list = append(list, types...)
	var inner cryptobyte.String
	if !types.ReadASN1(&inner, asn1.SEQUENCE) || !types.Empty() {
		return nil, nil, fmt.Errorf("mechTypes: %w", ErrToken)
	}
	for !inner.Empty() {
		var oid cryptobyte.String
		if !inner.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || len(oids) == maxMechanisms {
			return nil, nil, fmt.Errorf("mechTypes: %w", ErrToken)
		}
		oids = append(oids, oid)
	}
	return list, oids, nil
}

func octets(in *cryptobyte.String, n uint8) ([]byte, error) {
	var field, value cryptobyte.String
	var present bool
	if !in.ReadOptionalASN1(&field, &present, context(n)) {
		return nil, fmt.Errorf("field %d: %w", n, ErrToken)
	}
	if !present {
		return nil, nil
	}
	if !field.ReadASN1(&value, asn1.OCTET_STRING) || !field.Empty() {
		return nil, fmt.Errorf("field %d: %w", n, ErrToken)
	}
	return value, nil
}

// ParseResp reads a NegTokenResp.
func ParseResp(b []byte) (*Resp, error) {
	in := cryptobyte.String(b)
	var outer, seq, field cryptobyte.String
	var present bool
	if !in.ReadASN1(&outer, context(1)) || !outer.ReadASN1(&seq, asn1.SEQUENCE) ||
		!seq.ReadOptionalASN1(&field, &present, context(0)) {
		return nil, fmt.Errorf("NegTokenResp: %w", ErrToken)
	}
	out := &Resp{State: Absent}
	if present {
		var state int
		if !field.ReadASN1Enum(&state) || state < 0 || state > int(RequestMIC) {
			return nil, fmt.Errorf("negState: %w", ErrToken)
		}
		out.State = State(state)
	}
	if !seq.ReadOptionalASN1(&field, &present, context(1)) {
		return nil, fmt.Errorf("supportedMech: %w", ErrToken)
	}
	if present {
		var oid cryptobyte.String
		if !field.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
			return nil, fmt.Errorf("supportedMech: %w", ErrToken)
		}
		out.Mechanism = oid
	}
	var err error
	if out.Token, err = octets(&seq, 2); err != nil {
		return nil, err
	}
	out.MIC, err = octets(&seq, 3)
	return out, err
}

// Marshal writes the NegTokenResp.
func (r *Resp) Marshal() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(context(1), func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			if r.State != Absent {
				b.AddASN1(context(0), func(b *cryptobyte.Builder) { b.AddASN1Enum(int64(r.State)) })
			}
			add(b, 1, asn1.OBJECT_IDENTIFIER, r.Mechanism)
			add(b, 2, asn1.OCTET_STRING, r.Token)
			add(b, 3, asn1.OCTET_STRING, r.MIC)
		})
	})
	return b.Bytes()
}

// Marshal writes the NegTokenInit in its frame, as a client does.
func (i *Init) Marshal() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.Tag(0x60), func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes(oidSPNEGO) })
		b.AddASN1(context(0), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(context(0), func(b *cryptobyte.Builder) {
					b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
						for _, oid := range i.Mechanisms {
							b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes(oid) })
						}
					})
				})
				add(b, 2, asn1.OCTET_STRING, i.Token)
				add(b, 3, asn1.OCTET_STRING, i.MIC)
			})
		})
	})
	return b.Bytes()
}

func add(b *cryptobyte.Builder, n uint8, tag asn1.Tag, value []byte) {
	if value == nil {
		return
	}
	b.AddASN1(context(n), func(b *cryptobyte.Builder) {
		b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(value) })
	})
}
