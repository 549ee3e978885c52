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

// Wrap is a message in the clear with its code (RFC 4121 4.2.4), not rotated.
func (c *Context) Wrap(plain []byte) ([]byte, error) {
	if !c.ready {
		return nil, fmt.Errorf("%w: wrapping before the service has proven itself", ErrSeal)
	}
	et, err := crypto.GetEtype(c.key.KeyType)
	if err != nil {
		return nil, fmt.Errorf("wrapping: %w", err)
	}
	h := c.head(0x0504, 0, 0, c.send)
	sum, err := et.GetChecksumHash(c.key.KeyValue, slices.Concat(plain, h), usageInitiatorSeal)
	if err != nil {
		return nil, fmt.Errorf("wrapping: %w", err)
	}
	c.send++
	binary.BigEndian.PutUint16(h[4:], uint16(len(sum))) //nolint:gosec // 12 to 24
	return slices.Concat(h, plain, sum), nil
}

// Unwrap takes the service's, however it is rotated.
func (c *Context) Unwrap(token []byte) (plain []byte, err error) {
	if !c.ready {
		return nil, fmt.Errorf("%w: unwrapping before the service has proven itself", ErrSeal)
	}
	et, err := crypto.GetEtype(c.key.KeyType)
	if err != nil {
		return nil, fmt.Errorf("unwrapping: %w", err)
	}
	err = guard("a wrapped message", func() error {
		plain, err = c.unwrap(et, token)
		return err
	})
	return plain, err
}

func (c *Context) unwrap(et etype.EType, token []byte) ([]byte, error) {
	size := macSize(et)
	if len(token) < headerSize+size {
		return nil, fmt.Errorf("%w: a token of %d bytes", ErrSeal, len(token))
	}
	// The code is over a header without its own size and the rotation.
	h := c.head(0x0504, fromAcceptor, 0, c.receive)
	if got := slices.Concat(token[:4], []byte{0, 0, 0, 0}, token[8:headerSize]); !bytes.Equal(got, h) || int(binary.BigEndian.Uint16(token[4:])) != size {
		return nil, fmt.Errorf("%w: its header is %x; want %x", ErrSeal, token[:headerSize], h)
	}
	body := token[headerSize:]
	rotation := int(binary.BigEndian.Uint16(token[6:])) % len(body)
	body = slices.Concat(body[rotation:], body[:rotation])
	plain, sum := body[:len(body)-size], body[len(body)-size:]
	want, err := et.GetChecksumHash(c.key.KeyValue, slices.Concat(plain, h), usageAcceptorSeal)
	if err != nil {
		return nil, fmt.Errorf("unwrapping: %w", err)
	}
	if !hmac.Equal(want, sum) {
		return nil, ErrSeal
	}
	c.receive++
	return plain, nil
}
