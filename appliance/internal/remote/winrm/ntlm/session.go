package ntlm

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rc4"
	"encoding/binary"
	"errors"
	"fmt"
)

// Session seals what is sent and opens what is received, in order. It is not
// safe for concurrent use.
type Session struct {
	send, receive direction
}

// direction is one of the two: its keys, cipher and count.
type direction struct {
	signKey []byte
	sealKey []byte
	cipher  *rc4.Cipher
	next    uint32
}

const signatureSize = 16

func newSession(exported []byte) (*Session, error) {
	s := &Session{send: newDirection(exported, "client-to-server"), receive: newDirection(exported, "server-to-client")}
	return s, s.Reset()
}

func newDirection(exported []byte, way string) direction {
	derive := func(purpose string) []byte {
		sum := md5.Sum(append(append([]byte{}, exported...), "session key to "+way+" "+purpose+" key magic constant\x00"...))
		return sum[:]
	}
	return direction{signKey: derive("signing"), sealKey: derive("sealing")}
}

func (d *direction) reset() error {
	cipher, err := rc4.NewCipher(d.sealKey)
	if err != nil {
		return fmt.Errorf("making ntlm cipher: %w", err)
	}
	d.cipher = cipher
	return nil
}

// mac is the signature over the plain text (MS-NLMP 3.4.4.2, with key
// exchange: its checksum goes through the cipher too).
func (d *direction) mac(plain []byte) []byte {
	out := make([]byte, signatureSize)
	binary.LittleEndian.PutUint32(out, 1)
	var count [4]byte
	binary.LittleEndian.PutUint32(count[:], d.next)
	d.cipher.XORKeyStream(out[4:12], keyed(d.signKey, count[:], plain)[:8])
	copy(out[12:], count[:])
	d.next++
	return out
}

// Seal returns the signature, which travels in front, and the sealed text.
func (s *Session) Seal(plain []byte) (header, data []byte, err error) {
	data = make([]byte, len(plain))
	s.send.cipher.XORKeyStream(data, plain)
	return s.send.mac(plain), data, nil
}

// Unseal opens what Seal made on the other side.
func (s *Session) Unseal(header, data []byte) ([]byte, error) {
	if len(header) != signatureSize {
		return nil, ErrSeal
	}
	plain := make([]byte, len(data))
	s.receive.cipher.XORKeyStream(plain, data)
	if !hmac.Equal(header, s.receive.mac(plain)) {
		return nil, ErrSeal
	}
	return plain, nil
}

// Sign returns the integrity code of SPNEGO's list of mechanisms.
func (s *Session) Sign(message []byte) ([]byte, error) { return s.send.mac(message), nil }

// Verify checks the peer's code over the same list.
func (s *Session) Verify(message, mac []byte) error {
	if !hmac.Equal(mac, s.receive.mac(message)) {
		return ErrSeal
	}
	return nil
}

// Reset starts both ciphers anew, as SPNEGO does after those two codes; the
// counts go on (seen with MIT Kerberos and gss-ntlmssp, 2026-11-22).
func (s *Session) Reset() error {
	return errors.Join(s.send.reset(), s.receive.reset())
}
