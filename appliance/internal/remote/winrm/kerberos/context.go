package kerberos

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/chksumtype"
	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/iana/flags"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm/spnego"
)

// The flags of a context (RFC 4121 4.1.1.1).
const (
	flagMutual    = 2
	flagReplay    = 4
	flagSequence  = 8
	flagSealed    = 16
	flagIntegrity = 32
)

// The ids of tokens (RFC 4121 4.1).
var (
	tokenRequest = []byte{1, 0}
	tokenReply   = []byte{2, 0}
	tokenError   = []byte{3, 0}
)

// Context is one authentication to a service and the keys that come of it. It
// is not safe for concurrent use.
type Context struct {
	ticket   *Ticket
	bindings []byte
	now      func() time.Time

	auth          types.Authenticator
	key           types.EncryptionKey
	acceptorKey   bool
	send, receive uint64
	ready         bool
}

// NewContext begins an authentication; bindings is the MD5 sum of the
// channel's bindings, or nil without TLS.
func NewContext(ticket *Ticket, bindings []byte) *Context {
	return &Context{ticket: ticket, bindings: bindings, now: time.Now}
}

// Request is the first token: the ticket, and a proof that we hold its key.
func (c *Context) Request() ([]byte, error) {
	now := c.now().UTC()
	sub := make([]byte, len(c.ticket.key.KeyValue))
	var start [4]byte
	if _, err := rand.Read(sub); err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	if _, err := rand.Read(start[:]); err != nil {
		return nil, fmt.Errorf("making a sequence number: %w", err)
	}
	c.send = uint64(binary.BigEndian.Uint32(start[:]) & 0x3fffffff) // some take it as signed (RFC 4120 5.3.2)
	c.key = types.EncryptionKey{KeyType: c.ticket.key.KeyType, KeyValue: sub}
	c.auth = types.Authenticator{
		AVNO: 5, CRealm: c.ticket.account.Realm,
		CName: types.NewPrincipalName(nametype.KRB_NT_PRINCIPAL, c.ticket.account.User),
		Cksum: types.Checksum{CksumType: chksumtype.GSSAPI, Checksum: c.checksum()},
		CTime: now.Truncate(time.Second), Cusec: now.Nanosecond() / 1000,
		SubKey: c.key, SeqNumber: int64(c.send),
	}
	var request messages.APReq
	if err := guard("the ticket", func() (err error) {
		request, err = messages.NewAPReq(c.ticket.ticket, c.ticket.key, c.auth)
		return err
	}); err != nil {
		return nil, fmt.Errorf("making the authenticator: %w", err)
	}
	types.SetFlag(&request.APOptions, flags.APOptionMutualRequired)
	b, err := request.Marshal()
	if err != nil {
		return nil, fmt.Errorf("encoding the authenticator: %w", err)
	}
	return spnego.Frame(spnego.Kerberos, append(slices.Clone(tokenRequest), b...))
}

func (c *Context) checksum() []byte {
	b := make([]byte, 24)
	binary.LittleEndian.PutUint32(b, 16)
	copy(b[4:20], c.bindings)
	binary.LittleEndian.PutUint32(b[20:], flagMutual|flagReplay|flagSequence|flagSealed|flagIntegrity)
	return b
}

// Reply takes the service's proof that it is itself, and its key.
func (c *Context) Reply(token []byte) error {
	return guard("the service's proof", func() error { return c.reply(token) })
}

func (c *Context) reply(token []byte) error {
	inner, err := spnego.Unframe(spnego.Kerberos, token)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrReply, err)
	}
	if e, ok := bytes.CutPrefix(inner, tokenError); ok {
		refused, err := krbError(e)
		if err != nil || refused == nil {
			return errors.Join(ErrReply, err)
		}
		if refused.ErrorCode == errorcode.KRB_AP_ERR_SKEW {
			return wrongClock(refused.STime)
		}
		// Only the KDC can refuse a credential: a service knows none.
		return fmt.Errorf("%w: the service says %s", ErrReply, errorcode.Lookup(refused.ErrorCode))
	}
	inner, ok := bytes.CutPrefix(inner, tokenReply)
	if !ok {
		return fmt.Errorf("%w: not a proof", ErrReply)
	}
	var rep messages.APRep
	if err := rep.Unmarshal(inner); err != nil || len(rep.EncPart.Cipher) < minCipher {
		return fmt.Errorf("%w: no proof in it", ErrReply)
	}
	b, err := crypto.DecryptEncPart(rep.EncPart, c.ticket.key, keyusage.AP_REP_ENCPART)
	if err != nil {
		return fmt.Errorf("%w: the proof does not open with the session's key", ErrSeal)
	}
	var part messages.EncAPRepPart
	if err := part.Unmarshal(b); err != nil {
		return fmt.Errorf("%w: the proof's inside", ErrReply)
	}
	if !part.CTime.Equal(c.auth.CTime) || part.Cusec != c.auth.Cusec {
		return fmt.Errorf("%w: the proof is about another request", ErrSeal)
	}
	if part.Subkey.KeyType != 0 {
		if !slices.Contains(ciphers, part.Subkey.KeyType) {
			return fmt.Errorf("%w: a key of type %d, not AES", ErrReply, part.Subkey.KeyType)
		}
		c.key, c.acceptorKey = part.Subkey, true
	}
	c.receive = uint64(uint32(part.SequenceNumber))
	c.ready = true
	return nil
}

// Ready tells whether the service has proven itself.
func (c *Context) Ready() bool { return c.ready }
