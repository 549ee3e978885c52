package kerberos

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/jcmturner/gokrb5/v8/crypto/etype"
)

// Key usages and flags of RFC 4121 2 and 4.2.2.
const (
	usageAcceptorSeal  = 22
	usageAcceptorSign  = 23
	usageInitiatorSeal = 24
	usageInitiatorSign = 25

	byAcceptor     = 1
	sealed         = 2
	acceptorSubkey = 4

	headerSize = 16
)

// Session seals and unseals by RFC 4121. It is not safe for concurrent use:
// both directions count their messages.
type Session struct {
	etype          etype.EType
	key            []byte
	acceptorSubkey bool
	sendSeq        uint64
	receiveSeq     uint64
	// initiator turns the roles round; only tests of this package are one.
	initiator bool
}

func (s *Session) flags(fromAcceptor bool) byte {
	var f byte
	if fromAcceptor {
		f |= byAcceptor
	}
	if s.acceptorSubkey {
		f |= acceptorSubkey
	}
	return f
}

func header(id uint16, flags byte, ec, rrc uint16, seq uint64) []byte {
	h := make([]byte, headerSize)
	binary.BigEndian.PutUint16(h, id)
	h[2], h[3] = flags, 0xff
	binary.BigEndian.PutUint16(h[4:], ec)
	binary.BigEndian.PutUint16(h[6:], rrc)
	binary.BigEndian.PutUint64(h[8:], seq)
	return h
}

// trailer is what follows the data: the encrypted header and the checksum.
func (s *Session) trailer() int { return headerSize + s.etype.GetHMACBitLength()/8 }

// Seal encrypts and signs. head is the header as gss_wrap_iov makes it when no
// trailer is asked for.
func (s *Session) Seal(plain []byte) (head, data []byte, err error) {
	usage := uint32(usageAcceptorSeal)
	if s.initiator {
		usage = usageInitiatorSeal
	}
	h := header(0x0504, s.flags(!s.initiator)|sealed, 0, 0, s.sendSeq)
	_, cipher, err := s.etype.EncryptMessage(s.key, append(bytes.Clone(plain), h...), usage)
	if err != nil {
		return nil, nil, fmt.Errorf("sealing message %d: %w", s.sendSeq, err)
	}
	s.sendSeq++
	rrc := s.trailer()
	binary.BigEndian.PutUint16(h[6:], uint16(rrc))
	token := append(h, rotateRight(cipher, rrc)...)
	n := headerSize + rrc + s.etype.GetConfounderByteSize()
	return token[:n:n], token[n:], nil
}

// Unseal is the peer's Seal, with any rotation and however it was split.
func (s *Session) Unseal(head, data []byte) (plain []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			plain, err = nil, fmt.Errorf("%v: %w", r, ErrSeal)
		}
	}()
	token := append(bytes.Clone(head), data...)
	least := headerSize + s.etype.GetConfounderByteSize() + s.trailer()
	if len(token) < least {
		return nil, fmt.Errorf("token of %d bytes: %w", len(token), ErrSeal)
	}
	h, cipher := token[:headerSize], token[headerSize:]
	ec, rrc := binary.BigEndian.Uint16(h[4:]), binary.BigEndian.Uint16(h[6:])
	want := header(0x0504, s.flags(s.initiator)|sealed, ec, rrc, s.receiveSeq)
	if !bytes.Equal(h, want) {
		return nil, fmt.Errorf("header %x, want %x: %w", h, want, ErrSeal)
	}
	usage := uint32(usageInitiatorSeal)
	if s.initiator {
		usage = usageAcceptorSeal
	}
	opened, err := s.etype.DecryptMessage(s.key, rotateRight(cipher, len(cipher)-int(rrc)%len(cipher)), usage)
	if err != nil {
		return nil, fmt.Errorf("message %d: %w: %w", s.receiveSeq, err, ErrSeal)
	}
	end := len(opened) - headerSize
	binary.BigEndian.PutUint16(want[6:], 0)
	if end < int(ec) || !bytes.Equal(opened[end:], want) {
		return nil, fmt.Errorf("message %d: inner header: %w", s.receiveSeq, ErrSeal)
	}
	s.receiveSeq++
	return opened[:end-int(ec)], nil
}

// SignList signs SPNEGO's list of mechanisms with a MIC token.
func (s *Session) SignList(list []byte) ([]byte, error) {
	h := header(0x0404, s.flags(!s.initiator), 0xffff, 0xffff, s.sendSeq)
	s.sendSeq++
	usage := uint32(usageAcceptorSign)
	if s.initiator {
		usage = usageInitiatorSign
	}
	sum, err := s.etype.GetChecksumHash(s.key, append(bytes.Clone(list), h...), usage)
	if err != nil {
		return nil, fmt.Errorf("signing the mechanism list: %w", err)
	}
	return append(h, sum...), nil
}

// VerifyList is the peer's SignList.
func (s *Session) VerifyList(list, token []byte) error {
	h := header(0x0404, s.flags(s.initiator), 0xffff, 0xffff, s.receiveSeq)
	s.receiveSeq++
	usage := uint32(usageInitiatorSign)
	if s.initiator {
		usage = usageAcceptorSign
	}
	if !bytes.HasPrefix(token, h) ||
		!s.etype.VerifyChecksum(s.key, append(bytes.Clone(list), h...), token[headerSize:], usage) {
		return fmt.Errorf("signature of the mechanism list: %w", ErrSeal)
	}
	return nil
}

// rotateRight turns b by n bytes; n is within 0 and len(b).
func rotateRight(b []byte, n int) []byte {
	n %= len(b)
	return append(bytes.Clone(b[len(b)-n:]), b[:len(b)-n]...)
}
