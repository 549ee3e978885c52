package kerberos

import (
	"fmt"
	"time"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/types"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Token ids of RFC 4121 4.1.
const (
	tokenAPReq = 0x0100
	tokenAPRep = 0x0200
)

var oid = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2}

// IsToken says whether b is framed as a token of Kerberos without SPNEGO.
func IsToken(b []byte) bool {
	_, err := parseFrame(b, tokenAPReq)
	return err == nil
}

func parseFrame(b []byte, id uint16) ([]byte, error) {
	in := cryptobyte.String(b)
	var app, mechanism cryptobyte.String
	var got uint16
	if !in.ReadASN1(&app, asn1.Tag(0x60)) || !in.Empty() ||
		!app.ReadASN1(&mechanism, asn1.OBJECT_IDENTIFIER) || string(mechanism) != string(oid) ||
		!app.ReadUint16(&got) || got != id {
		return nil, fmt.Errorf("frame: %w", ErrToken)
	}
	return app, nil
}

func marshalFrame(id uint16, der []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.Tag(0x60), func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes(oid) })
		b.AddUint16(id)
		b.AddBytes(der)
	})
	return b.Bytes()
}

func application(n uint8) asn1.Tag { return asn1.Tag(0x60 | n) }

// field writes a value under its explicit context tag.
func field(b *cryptobyte.Builder, n uint8, value func(*cryptobyte.Builder)) {
	b.AddASN1(asn1.Tag(n).ContextSpecific().Constructed(), value)
}

func integer(b *cryptobyte.Builder, n uint8, v int64) {
	field(b, n, func(b *cryptobyte.Builder) { b.AddASN1Int64(v) })
}

// marshalAPRepPart writes EncAPRepPart, RFC 4120 5.5.2.
func marshalAPRepPart(ctime time.Time, cusec int, subkey types.EncryptionKey, seq uint32) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(application(27), func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			field(b, 0, func(b *cryptobyte.Builder) { b.AddASN1GeneralizedTime(ctime.UTC()) })
			integer(b, 1, int64(cusec))
			field(b, 2, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					integer(b, 0, int64(subkey.KeyType))
					field(b, 1, func(b *cryptobyte.Builder) { b.AddASN1OctetString(subkey.KeyValue) })
				})
			})
			integer(b, 3, int64(seq))
		})
	})
	return b.Bytes()
}

// sealAPRep encrypts the part and writes the AP-REP.
func sealAPRep(part []byte, key types.EncryptionKey) ([]byte, error) {
	data, err := crypto.GetEncryptedData(part, key, keyusage.AP_REP_ENCPART, 0)
	if err != nil {
		return nil, fmt.Errorf("sealing AP-REP: %w", err)
	}
	var b cryptobyte.Builder
	b.AddASN1(application(15), func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			integer(b, 0, 5)
			integer(b, 1, 15)
			field(b, 2, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					integer(b, 0, int64(data.EType))
					field(b, 2, func(b *cryptobyte.Builder) { b.AddASN1OctetString(data.Cipher) })
				})
			})
		})
	})
	return b.Bytes()
}
