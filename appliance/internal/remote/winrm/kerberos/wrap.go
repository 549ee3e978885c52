package kerberos

import (
	"bytes"
	"crypto/hmac"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/crypto/etype"
)

const (
	headerSize = 16
	confounder = 16 // of every AES cipher
	// minCipher is the shortest that can be decrypted without the library
	// slicing beyond an end: confounder and the shortest MAC.
	minCipher = confounder + 12

	fromAcceptor = 1
	isSealed     = 2
	byAcceptor   = 4 // the key is the acceptor's

	// The key usages of RFC 4121 2.
	usageAcceptorSeal  = 22
	usageAcceptorSign  = 23
	usageInitiatorSeal = 24
	usageInitiatorSign = 25
)

// Seal returns a token in two pieces as gss_wrap_iov does it without a trailer
// buffer: the header with the rotated trailer and the confounder, and sealed
// text as long as the plain one (RFC 4121 4.2.4, 4.2.5).
func (c *Context) Seal(plain []byte) (header, data []byte, err error) {
	if !c.ready {
		return nil, nil, fmt.Errorf("%w: sealing before the service has proven itself", ErrSeal)
	}
	et, err := crypto.GetEtype(c.key.KeyType)
	if err != nil {
		return nil, nil, fmt.Errorf("sealing: %w", err)
	}
	h := c.head(0x0504, isSealed, 0, c.send)
	_, sealed, err := et.EncryptMessage(c.key.KeyValue, slices.Concat(plain, h), usageInitiatorSeal)
	if err != nil {
		return nil, nil, fmt.Errorf("sealing: %w", err)
	}
	c.send++
	rotation := headerSize + macSize(et)
	binary.BigEndian.PutUint16(h[6:], uint16(rotation))
	cut := len(sealed) - rotation
	token := slices.Concat(h, sealed[cut:], sealed[:cut])
	at := headerSize + rotation + confounder
	return token[:at], token[at:], nil
}

// Unseal opens a token, whichever way it is cut and rotated.
func (c *Context) Unseal(header, data []byte) (plain []byte, err error) {
	if !c.ready {
		return nil, fmt.Errorf("%w: unsealing before the service has proven itself", ErrSeal)
	}
	err = guard("a sealed message", func() error {
		plain, err = c.unseal(slices.Concat(header, data))
		return err
	})
	return plain, err
}

func (c *Context) unseal(token []byte) ([]byte, error) {
	et, err := crypto.GetEtype(c.key.KeyType)
	if err != nil {
		return nil, fmt.Errorf("unsealing: %w", err)
	}
	if len(token) < 2*headerSize+confounder+macSize(et) {
		return nil, fmt.Errorf("%w: a token of %d bytes", ErrSeal, len(token))
	}
	extra, rotation := int(binary.BigEndian.Uint16(token[4:])), int(binary.BigEndian.Uint16(token[6:]))
	h := c.head(0x0504, fromAcceptor|isSealed, uint16(extra), c.receive)
	sealed := token[headerSize:]
	if got := slices.Concat(token[:6], []byte{0, 0}, token[8:headerSize]); !bytes.Equal(got, h) {
		return nil, fmt.Errorf("%w: its header is %x; want %x", ErrSeal, got, h)
	}
	rotation %= len(sealed)
	sealed = slices.Concat(sealed[rotation:], sealed[:rotation])
	plain, err := et.DecryptMessage(c.key.KeyValue, sealed, usageAcceptorSeal)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSeal, err)
	}
	end := len(plain) - headerSize - extra
	if end < 0 || !bytes.Equal(plain[len(plain)-headerSize:], h) {
		return nil, fmt.Errorf("%w: its inner header differs", ErrSeal)
	}
	c.receive++
	return plain[:end], nil
}

// Sign is a message's integrity code, a token of its own (RFC 4121 4.2.6.1).
func (c *Context) Sign(message []byte) ([]byte, error) {
	token, err := c.mic(message, 0, c.send, usageInitiatorSign)
	c.send++
	return token, err
}

// Verify checks the service's code over message.
func (c *Context) Verify(message, mic []byte) error {
	want, err := c.mic(message, fromAcceptor, c.receive, usageAcceptorSign)
	if err != nil {
		return err
	}
	if !hmac.Equal(want, mic) {
		return ErrSeal
	}
	c.receive++
	return nil
}

// Reset is NTLM's need, not Kerberos'.
func (c *Context) Reset() error { return nil }

func (c *Context) mic(message []byte, flags byte, sequence uint64, usage uint32) ([]byte, error) {
	et, err := crypto.GetEtype(c.key.KeyType)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	h := c.head(0x0404, flags, 0xffff, sequence)
	h[6], h[7] = 0xff, 0xff
	sum, err := et.GetChecksumHash(c.key.KeyValue, slices.Concat(message, h), usage)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return append(h, sum...), nil
}

// head is a token's header, not rotated.
func (c *Context) head(id uint16, flags byte, extra uint16, sequence uint64) []byte {
	if c.acceptorKey {
		flags |= byAcceptor
	}
	h := binary.BigEndian.AppendUint16(make([]byte, 0, 64), id)
	h = append(h, flags, 0xff)
	h = binary.BigEndian.AppendUint16(h, extra)
	h = append(h, 0, 0)
	return binary.BigEndian.AppendUint64(h, sequence)
}

func macSize(et etype.EType) int { return et.GetHMACBitLength() / 8 }
