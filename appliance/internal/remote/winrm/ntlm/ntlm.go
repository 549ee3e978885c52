// Package ntlm is the client side of NTLM as Windows' remote management wants
// it: NTLMv2 only, with extended session security, 128-bit keys, key exchange,
// a message integrity code, channel bindings and the target's name in the
// response. A challenge that offers less is refused, never obeyed.
//
// The three messages and the arithmetic follow MS-NLMP (revision 34.0); the
// test vectors are those of its section 4.2.4. Written here because the
// libraries there are (read 2026-11-22) take the server's flags as they come:
// bodgit/ntlmssp would seal with 40 bits, or not at all, when told to, and
// Azure/go-ntlmssp cannot seal.
//
// ErrChallenge means that the server's message is malformed, ErrWeak that it
// offers too little, ErrSeal that a sealed message was altered, repeated or
// came out of order. MD4, MD5 and RC4 are the protocol's; over TLS they guard
// nothing but the password, and that is what NTLM has.
package ntlm

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/rc4"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

var (
	// ErrChallenge means that the server's message cannot be read.
	ErrChallenge = errors.New("malformed ntlm challenge")
	// ErrWeak means that the server does not offer all that we insist on.
	ErrWeak = errors.New("ntlm offered without full protection")
	// ErrSeal means that a message is not what the peer sealed.
	ErrSeal = errors.New("ntlm seal does not match")
)

// Account is who signs in, and where.
type Account struct {
	// Domain is empty for a user principal name and for a local account.
	Domain   string
	User     string
	Password string
	// Target is the service's name, "HTTP/ws01.northvalley.local": a relay to
	// another service is then found out.
	Target string
	// Bindings is the MD5 sum of the channel's bindings, or nil without TLS.
	Bindings []byte
}

// Client authenticates once. It is not safe for concurrent use.
type Client struct {
	account   Account
	random    io.Reader
	now       func() time.Time
	negotiate []byte
	session   *Session
}

// New returns a client for one connection.
func New(account Account) *Client {
	return &Client{account: account, random: rand.Reader, now: time.Now}
}

// Negotiate returns the first message.
func (c *Client) Negotiate() []byte {
	m := make([]byte, 0, 40)
	m = append(m, signature...)
	m = binary.LittleEndian.AppendUint32(m, 1)
	m = binary.LittleEndian.AppendUint32(m, wantedFlags)
	m = append(m, make([]byte, 16)...) // no domain, no workstation
	m = append(m, version...)
	c.negotiate = m
	return m
}

// Authenticate answers the server's challenge and makes the session's keys.
func (c *Client) Authenticate(challenge []byte) ([]byte, error) {
	ch, err := parseChallenge(challenge)
	if err != nil {
		return nil, err
	}
	if missing := requiredFlags &^ ch.flags; missing != 0 {
		return nil, fmt.Errorf("%w: flags %#08x are missing", ErrWeak, missing)
	}
	var nonces [24]byte // 8 bytes of client challenge, 16 of session key
	if _, err := io.ReadFull(c.random, nonces[:]); err != nil {
		return nil, fmt.Errorf("making ntlm nonces: %w", err)
	}
	when, stamped := ch.timestamp()
	if !stamped {
		when = fileTime(c.now())
	}
	owf := responseKey(c.account)
	info := ch.targetInfo(c.account)
	nt, base := ntResponse(owf, ch.nonce, nonces[:8], when, info)
	exported := nonces[8:]
	key, err := crypt(base, exported)
	if err != nil {
		return nil, err
	}
	m := c.message(nt, lmResponse(owf, ch.nonce, nonces[:8], stamped), key, ch.flags&wantedFlags)
	mac := hmac.New(md5.New, exported)
	for _, part := range [][]byte{c.negotiate, challenge, m} {
		mac.Write(part)
	}
	copy(m[micOffset:], mac.Sum(nil))
	c.session, err = newSession(exported)
	return m, err
}

// Session is what seals messages after Authenticate; nil before.
func (c *Client) Session() *Session { return c.session }

// message lays the third message out, its integrity code still zero.
func (c *Client) message(nt, lm, key []byte, flags uint32) []byte {
	m := make([]byte, payloadOffset, payloadOffset+512+len(nt))
	copy(m, signature)
	binary.LittleEndian.PutUint32(m[8:], 3)
	put := func(at int, b []byte) {
		binary.LittleEndian.PutUint16(m[at:], uint16(len(b)))
		binary.LittleEndian.PutUint16(m[at+2:], uint16(len(b)))
		binary.LittleEndian.PutUint32(m[at+4:], uint32(len(m)))
		m = append(m, b...)
	}
	put(28, utf16le(c.account.Domain))
	put(36, utf16le(c.account.User))
	put(44, nil)
	put(12, lm)
	put(20, nt)
	put(52, key)
	binary.LittleEndian.PutUint32(m[60:], flags)
	copy(m[64:], version)
	return m
}

// crypt encrypts the session key; it is the protocol's RC4K.
func crypt(key, plain []byte) ([]byte, error) {
	cipher, err := rc4.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("making ntlm cipher: %w", err)
	}
	out := make([]byte, len(plain))
	cipher.XORKeyStream(out, plain)
	return out, nil
}
