// Package kerberos is the accepting side of the Kerberos mechanism of GSS-API
// for the lab: one AP-REQ against a keytab, an AP-REP with a subkey when the
// client asked for mutual authentication, then sealing by RFC 4121 with the
// AES encryption types. Tickets and keys are gokrb5's; the token frame, AP-REP
// and sealing are here, because gokrb5 has no accepting side for them.
//
// A sealed message is split as Windows and gss_wrap_iov split it: a header,
// which holds the token's header, the rotated trailer and the confounder, and
// the encrypted data. Sequence numbers are checked; there is no window, for a
// connection delivers in order. What is refused is ErrLogon, ErrToken or
// ErrSeal. Sources: RFC 4120, 4121, [MS-KILE].
package kerberos

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/service"
	"github.com/jcmturner/gokrb5/v8/types"
)

var (
	// ErrLogon is a well-formed AP-REQ that is refused.
	ErrLogon = errors.New("ticket refused")
	// ErrToken is a token that is not well formed, or not in its place.
	ErrToken = errors.New("malformed Kerberos token")
	// ErrSeal is a sealed message that is not from the peer, or not in its turn.
	ErrSeal = errors.New("sealed message refused")
)

// Config is what the acceptor knows of its machine.
type Config struct {
	// Keytab holds the keys of HTTP/<host> and its other names.
	Keytab *keytab.Keytab
	// ChannelBindings is the MD5 of what the channel has, nil without TLS. The
	// client's must agree when it sends any.
	ChannelBindings []byte
	// RequireBindings refuses a client that sends none.
	RequireBindings bool
	// MaxSkew is five minutes if 0.
	MaxSkew time.Duration
}

// Identity is who logged on.
type Identity struct {
	Realm string
	User  string
	// Service is the principal whose ticket was shown.
	Service string
	// Mutual says that the client asked for proof of the server.
	Mutual bool
}

// Flags of the checksum in the authenticator, RFC 4121 4.1.1.1.
const (
	flagMutual   = 2
	flagDCEStyle = 0x1000

	checksumGSS = 0x8003
)

// Acceptor is one context.
type Acceptor struct {
	cfg     Config
	session *Session
}

// NewAcceptor starts a context.
func NewAcceptor(cfg Config) *Acceptor { return &Acceptor{cfg: cfg} }

// Session is the sealing of both directions, nil before Accept agreed.
func (a *Acceptor) Session() *Session { return a.session }

// Accept judges the client's first token. The reply is empty when the client
// did not ask for mutual authentication.
func (a *Acceptor) Accept(token []byte) (reply []byte, id Identity, err error) {
	// gokrb5 indexes and slices what it decrypts without asking for its length
	// (v8.4.4, read 2026-11-22).
	defer func() {
		if r := recover(); r != nil {
			reply, id, err = nil, Identity{}, fmt.Errorf("%v: %w", r, ErrToken)
		}
	}()
	if a.session != nil {
		return nil, id, fmt.Errorf("second AP-REQ: %w", ErrToken)
	}
	der, err := parseFrame(token, tokenAPReq)
	if err != nil {
		return nil, id, err
	}
	var req messages.APReq
	if err := req.Unmarshal(der); err != nil {
		return nil, id, fmt.Errorf("%w: %w", err, ErrToken)
	}
	ok, creds, err := service.VerifyAPREQ(&req, service.NewSettings(a.cfg.Keytab,
		service.DecodePAC(false), service.MaxClockSkew(a.maxSkew())))
	if err != nil {
		return nil, id, fmt.Errorf("%w: %w", err, ErrLogon)
	}
	if !ok {
		return nil, id, fmt.Errorf("outside its time: %w", ErrLogon)
	}
	id = Identity{Realm: creds.Domain(), User: creds.UserName(), Service: req.Ticket.SName.PrincipalNameString()}
	flags, err := a.checksum(req.Authenticator.Cksum)
	if err != nil {
		return nil, id, err
	}
	id.Mutual = flags&flagMutual != 0
	reply, err = a.establish(&req, id.Mutual)
	return reply, id, err
}

func (a *Acceptor) maxSkew() time.Duration {
	if a.cfg.MaxSkew == 0 {
		return 5 * time.Minute
	}
	return a.cfg.MaxSkew
}

// checksum reads what GSS-API puts in the authenticator and judges its bindings.
func (a *Acceptor) checksum(c types.Checksum) (flags uint32, err error) {
	b := c.Checksum
	if c.CksumType != checksumGSS || len(b) < 24 || binary.LittleEndian.Uint32(b) != 16 {
		return 0, fmt.Errorf("checksum of type %d and %d bytes: %w", c.CksumType, len(b), ErrToken)
	}
	flags = binary.LittleEndian.Uint32(b[20:])
	if flags&flagDCEStyle != 0 {
		return 0, fmt.Errorf("DCE style: %w", ErrToken)
	}
	bound := b[4:20]
	none := hmac.Equal(bound, make([]byte, 16))
	switch {
	case a.cfg.ChannelBindings == nil:
	case none && a.cfg.RequireBindings:
		return 0, fmt.Errorf("no channel bindings: %w", ErrLogon)
	case !none && !hmac.Equal(bound, a.cfg.ChannelBindings):
		return 0, fmt.Errorf("channel bindings of another channel: %w", ErrLogon)
	}
	return flags, nil
}

// establish makes the session, and the AP-REP if the client wants one.
func (a *Acceptor) establish(req *messages.APReq, mutual bool) ([]byte, error) {
	ticketKey := req.Ticket.DecryptedEncPart.Key
	key := ticketKey
	if req.Authenticator.SubKey.KeyType != 0 {
		key = req.Authenticator.SubKey
	}
	if keySize(key.KeyType) == 0 || keySize(ticketKey.KeyType) == 0 {
		return nil, fmt.Errorf("encryption type %d: %w", key.KeyType, ErrLogon)
	}
	etype, err := crypto.GetEtype(key.KeyType)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrLogon)
	}
	if len(key.KeyValue) != keySize(key.KeyType) {
		return nil, fmt.Errorf("key of %d bytes: %w", len(key.KeyValue), ErrToken)
	}
	s := &Session{etype: etype, key: key.KeyValue, receiveSeq: uint64(req.Authenticator.SeqNumber)}
	s.sendSeq = s.receiveSeq
	if !mutual {
		a.session = s
		return nil, nil
	}
	var seq [4]byte
	_, _ = rand.Read(seq[:])
	s.sendSeq = uint64(binary.BigEndian.Uint32(seq[:]) & 0x3fffffff)
	s.acceptorSubkey = true
	s.key = make([]byte, len(key.KeyValue))
	_, _ = rand.Read(s.key)
	subkey := types.EncryptionKey{KeyType: key.KeyType, KeyValue: s.key}
	part, err := marshalAPRepPart(req.Authenticator.CTime, req.Authenticator.Cusec, subkey, uint32(s.sendSeq))
	if err != nil {
		return nil, fmt.Errorf("writing AP-REP: %w", err)
	}
	reply, err := sealAPRep(part, ticketKey)
	if err != nil {
		return nil, err
	}
	a.session = s
	return marshalFrame(tokenAPRep, reply)
}

// keySize gives the bytes of a key of the AES types, 0 for others. gokrb5 has
// 24 for the last, which is the size of a derived key (v8.4.4, 2026-11-22).
func keySize(id int32) int {
	switch id {
	case etypeID.AES128_CTS_HMAC_SHA1_96, etypeID.AES128_CTS_HMAC_SHA256_128:
		return 16
	case etypeID.AES256_CTS_HMAC_SHA1_96, etypeID.AES256_CTS_HMAC_SHA384_192:
		return 32
	}
	return 0
}
