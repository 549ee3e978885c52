// Package ntlm is the accepting side of NTLMSSP for the lab: NTLMv2 with
// extended session security, the message integrity code, channel bindings and
// sealing. It answers one handshake per Acceptor:
//
//	a := ntlm.NewAcceptor(cfg)
//	challenge, err := a.Challenge(negotiate)
//	id, err := a.Authenticate(authenticate)
//	plain, err := a.Session().Unseal(signature, sealed)
//
// LM, NTLMv1, anonymous and datagram logons are refused. Strings on the wire
// are UTF-16 little endian, or Latin-1 for a client that asks for OEM; times are FILETIME (100 ns since 1601). A logon
// that is refused is ErrLogon, whatever the reason: the text says which, for
// the log of the lab and not for the wire. Source: [MS-NLMP] revision 36,
// whose section 4.2.4 gives the vectors of the tests.
package ntlm

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// ErrLogon is a well-formed logon that is refused.
var ErrLogon = errors.New("logon refused")

// ErrMessage is a message that is not well formed, or not in its place.
var ErrMessage = errors.New("malformed NTLM message")

// Binding says what is asked of channel bindings, as CbtHardeningLevel does.
type Binding int

const (
	// BindingNone ignores what the client says.
	BindingNone Binding = iota
	// BindingRelaxed refuses wrong ones and takes none; Windows ships with it.
	BindingRelaxed
	// BindingStrict refuses a logon without them.
	BindingStrict
)

// Config is what the acceptor knows of its machine.
type Config struct {
	NetBIOSDomain   string
	NetBIOSComputer string
	DNSDomain       string
	DNSComputer     string
	// NTHash gives the hash of an account's password; domain is as the client
	// spelled it, perhaps empty, perhaps a DNS name.
	NTHash func(domain, user string) ([16]byte, bool)
	// ChannelBindings is what the channel under this handshake has, by
	// EndpointBindings; nil without TLS.
	ChannelBindings []byte
	Binding         Binding
	// RequireMIC refuses clients that send no message integrity code.
	RequireMIC bool
	// Now is time.Now unless a test says otherwise.
	Now func() time.Time
	// Random fills b; crypto/rand unless a test says otherwise.
	Random func(b []byte)
}

// Identity is who logged on.
type Identity struct {
	Domain      string
	User        string
	Workstation string
	// TargetName is the SPN that the client meant to reach, perhaps empty.
	TargetName string
	// MIC says that the client proved the three messages unchanged.
	MIC bool
}

// Acceptor is one handshake and, after it, the session.
type Acceptor struct {
	cfg       Config
	negotiate []byte
	challenge []byte
	server    [8]byte
	flags     uint32
	session   *Session
}

// NewAcceptor starts a handshake.
func NewAcceptor(cfg Config) *Acceptor {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Random == nil {
		cfg.Random = func(b []byte) { _, _ = rand.Read(b) }
	}
	return &Acceptor{cfg: cfg}
}

// Challenge answers a NEGOTIATE message.
func (a *Acceptor) Challenge(negotiate []byte) ([]byte, error) {
	flags, err := parseNegotiate(negotiate)
	if err != nil {
		return nil, err
	}
	if a.challenge != nil {
		return nil, fmt.Errorf("second NEGOTIATE: %w", ErrMessage)
	}
	if flags&(flagUnicode|flagOEM) == 0 || flags&flagExtendedSecurity == 0 {
		return nil, fmt.Errorf("without letters or extended session security: %w", ErrLogon)
	}
	a.flags = flags&flagsSupported | flagTargetInfo | flagNTLM
	if flags&flagUnicode != 0 {
		a.flags &^= flagOEM
	}
	if flags&flagRequestTarget != 0 {
		a.flags |= flagTargetDomain
	}
	a.cfg.Random(a.server[:])
	a.negotiate = bytes.Clone(negotiate)
	a.challenge = marshalChallenge(a.flags, a.server, a.cfg.NetBIOSDomain, a.targetInfo())
	return bytes.Clone(a.challenge), nil
}

func (a *Acceptor) targetInfo() []byte {
	var stamp [8]byte
	binary.LittleEndian.PutUint64(stamp[:], fileTime(a.cfg.Now()))
	info := avPairs{
		{avNbDomain, utf16LE(a.cfg.NetBIOSDomain)},
		{avNbComputer, utf16LE(a.cfg.NetBIOSComputer)},
		{avDNSDomain, utf16LE(a.cfg.DNSDomain)},
		{avDNSComputer, utf16LE(a.cfg.DNSComputer)},
		{avTimestamp, stamp[:]},
	}
	return info.marshal()
}

// Authenticate judges an AUTHENTICATE message; then Session is there.
func (a *Acceptor) Authenticate(message []byte) (Identity, error) {
	if a.challenge == nil || a.session != nil {
		return Identity{}, fmt.Errorf("AUTHENTICATE out of turn: %w", ErrMessage)
	}
	m, err := parseAuthenticate(message)
	if err != nil {
		return Identity{}, err
	}
	id := Identity{Domain: m.domain, User: m.user, Workstation: m.workstation}
	if m.user == "" || len(m.ntResponse) == 0 {
		return id, fmt.Errorf("anonymous: %w", ErrLogon)
	}
	if len(m.ntResponse) <= 24 {
		return id, fmt.Errorf("NTLMv1: %w", ErrLogon)
	}
	base, info, err := a.proof(m)
	if err != nil {
		return id, err
	}
	id.TargetName = fromUTF16LE(info.get(avTargetName))
	exported, err := exportedKey(m, base)
	if err != nil {
		return id, err
	}
	if id.MIC, err = a.checkMIC(m, info, exported); err != nil {
		return id, err
	}
	if err := a.checkBinding(info); err != nil {
		return id, err
	}
	a.session = NewSession(exported, m.flags&a.flags, Server)
	return id, nil
}

// proof judges the NTLMv2 response and gives the session's base key.
func (a *Acceptor) proof(m *authenticate) ([]byte, avPairs, error) {
	blob := m.ntResponse[16:]
	if len(blob) < 28 || blob[0] != 1 || blob[1] != 1 {
		return nil, nil, fmt.Errorf("NTLMv2 response: %w", ErrMessage)
	}
	info, err := parseAVPairs(blob[28:])
	if err != nil {
		return nil, nil, err
	}
	hash, ok := a.cfg.NTHash(m.domain, m.user)
	if !ok {
		return nil, nil, fmt.Errorf("unknown account %s\\%s: %w", m.domain, m.user, ErrLogon)
	}
	key := ntowfv2(hash, m.user, m.domain)
	want := hmacMD5(key, a.server[:], blob)
	if !hmac.Equal(want, m.ntResponse[:16]) {
		return nil, nil, fmt.Errorf("wrong password for %s\\%s: %w", m.domain, m.user, ErrLogon)
	}
	return hmacMD5(key, want), info, nil
}

func exportedKey(m *authenticate, base []byte) ([]byte, error) {
	if m.flags&flagKeyExchange == 0 {
		return base, nil
	}
	if len(m.sessionKey) != 16 {
		return nil, fmt.Errorf("session key of %d bytes: %w", len(m.sessionKey), ErrMessage)
	}
	return rc4Once(base, m.sessionKey), nil
}

func (a *Acceptor) checkMIC(m *authenticate, info avPairs, exported []byte) (bool, error) {
	said := info.get(avFlags)
	present := len(said) == 4 && binary.LittleEndian.Uint32(said)&avFlagMIC != 0
	if !present {
		if a.cfg.RequireMIC {
			return false, fmt.Errorf("no message integrity code: %w", ErrLogon)
		}
		return false, nil
	}
	if !m.hasMIC {
		return false, fmt.Errorf("no room for the message integrity code: %w", ErrMessage)
	}
	want := hmacMD5(exported, a.negotiate, a.challenge, m.withoutMIC())
	if !hmac.Equal(want, m.mic[:]) {
		return false, fmt.Errorf("wrong message integrity code: %w", ErrLogon)
	}
	return true, nil
}

func (a *Acceptor) checkBinding(info avPairs) error {
	if a.cfg.Binding == BindingNone || a.cfg.ChannelBindings == nil {
		return nil
	}
	said := info.get(avChannelBindings)
	if len(said) == 0 || bytes.Equal(said, make([]byte, 16)) {
		if a.cfg.Binding == BindingStrict {
			return fmt.Errorf("no channel bindings: %w", ErrLogon)
		}
		return nil
	}
	if !hmac.Equal(said, a.cfg.ChannelBindings) {
		return fmt.Errorf("channel bindings of another channel: %w", ErrLogon)
	}
	return nil
}

// Session is the sealing of both directions, nil before Authenticate agreed.
func (a *Acceptor) Session() *Session { return a.session }
