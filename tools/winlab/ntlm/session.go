package ntlm

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rc4"
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrSeal is a sealed message that is not from the peer, or not in its turn.
var ErrSeal = errors.New("sealed message refused")

// Side is an end of the session.
type Side int

const (
	// Client is who sent NEGOTIATE.
	Client Side = iota
	// Server is who sent CHALLENGE.
	Server
)

// signatureSize is that of NTLMSSP_MESSAGE_SIGNATURE.
const signatureSize = 16

// Session seals and unseals, [MS-NLMP] 3.4. It is not safe for concurrent use:
// both directions count their messages.
type Session struct {
	send, receive direction
	exchanged     bool
}

type direction struct {
	signKey, sealKey []byte
	handle           *rc4.Cipher
	seq              uint32
}

const (
	magicClientSign = "session key to client-to-server signing key magic constant\x00"
	magicServerSign = "session key to server-to-client signing key magic constant\x00"
	magicClientSeal = "session key to client-to-server sealing key magic constant\x00"
	magicServerSeal = "session key to server-to-client sealing key magic constant\x00"
)

// NewSession derives the keys of both directions from the exported session key.
func NewSession(exported []byte, flags uint32, side Side) *Session {
	client := newDirection(exported, flags, magicClientSign, magicClientSeal)
	server := newDirection(exported, flags, magicServerSign, magicServerSeal)
	s := &Session{send: server, receive: client, exchanged: flags&flagKeyExchange != 0}
	if side == Client {
		s.send, s.receive = client, server
	}
	return s
}

func newDirection(exported []byte, flags uint32, sign, seal string) direction {
	weak := exported
	switch {
	case flags&flag128 != 0:
	case flags&flag56 != 0:
		weak = exported[:7]
	default:
		weak = exported[:5]
	}
	d := direction{signKey: md5Of(exported, sign), sealKey: md5Of(weak, seal)}
	d.handle = newRC4(d.sealKey)
	return d
}

func md5Of(key []byte, magic string) []byte {
	sum := md5.Sum(append(append([]byte{}, key...), magic...))
	return sum[:]
}

// Seal encrypts and signs; the signature travels before the sealed bytes.
func (s *Session) Seal(plain []byte) (signature, sealed []byte) {
	sealed = make([]byte, len(plain))
	s.send.handle.XORKeyStream(sealed, plain)
	return s.send.sign(plain, s.exchanged), sealed
}

// Unseal is the peer's Seal. After an error the session is of no more use.
func (s *Session) Unseal(signature, sealed []byte) ([]byte, error) {
	if len(signature) != signatureSize {
		return nil, fmt.Errorf("signature of %d bytes: %w", len(signature), ErrSeal)
	}
	plain := make([]byte, len(sealed))
	s.receive.handle.XORKeyStream(plain, sealed)
	seq := s.receive.seq
	if !hmac.Equal(s.receive.sign(plain, s.exchanged), signature) {
		return nil, fmt.Errorf("signature of message %d: %w", seq, ErrSeal)
	}
	return plain, nil
}

// SignList signs SPNEGO's list of mechanisms and starts the cipher anew, as
// [MS-SPNG] 3.3.5.1 wants of NTLM; the message is counted all the same.
func (s *Session) SignList(list []byte) []byte {
	defer s.send.restart()
	return s.send.sign(list, s.exchanged)
}

// VerifyList is the peer's SignList.
func (s *Session) VerifyList(list, signature []byte) error {
	defer s.receive.restart()
	if !hmac.Equal(s.receive.sign(list, s.exchanged), signature) {
		return fmt.Errorf("signature of the mechanism list: %w", ErrSeal)
	}
	return nil
}

func (d *direction) sign(plain []byte, exchanged bool) []byte {
	var seq [4]byte
	binary.LittleEndian.PutUint32(seq[:], d.seq)
	d.seq++
	sum := hmacMD5(d.signKey, seq[:], plain)[:8]
	if exchanged {
		d.handle.XORKeyStream(sum, sum)
	}
	out := make([]byte, 0, signatureSize)
	out = append(out, 1, 0, 0, 0)
	out = append(out, sum...)
	return append(out, seq[:]...)
}

func (d *direction) restart() { d.handle = newRC4(d.sealKey) }
