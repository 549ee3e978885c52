package kerberos

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/iana/patype"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

// ciphers are the ones we speak, the best first.
var ciphers = []int32{
	etypeID.AES256_CTS_HMAC_SHA384_192, etypeID.AES256_CTS_HMAC_SHA1_96,
	etypeID.AES128_CTS_HMAC_SHA256_128, etypeID.AES128_CTS_HMAC_SHA1_96,
}

// How many rounds a key may be derived with: Windows and MIT ask for 4,096 and
// 32,768. The number comes from an unauthenticated reply. Many are paid here; of
// few, the proof that follows shows whoever asked for them a key that is cheap to
// guess the password by (RFC 3962 8).
const (
	minRounds = 1 << 12
	maxRounds = 1 << 17
)

// skew is how far apart clocks may be (RFC 4120 1.6 and Windows' default).
const skew = 5 * time.Minute

func settings(realm string) *config.Config {
	c := config.New()
	c.LibDefaults.DefaultRealm = realm
	c.LibDefaults.DefaultTktEnctypeIDs = ciphers
	c.LibDefaults.DefaultTGSEnctypeIDs = ciphers
	c.LibDefaults.PermittedEnctypeIDs = ciphers
	c.LibDefaults.TicketLifetime = 10 * time.Hour // Windows' default limit
	c.LibDefaults.Clockskew = skew
	return c
}

// login gets the ticket-granting ticket.
func (c *Client) login(ctx context.Context, account Account) (*Ticket, error) {
	name := types.NewPrincipalName(nametype.KRB_NT_PRINCIPAL, account.User)
	request, err := messages.NewASReqForTGT(account.Realm, settings(account.Realm), name)
	if err != nil {
		return nil, fmt.Errorf("making a request: %w", err)
	}
	var key types.EncryptionKey
	for range 2 {
		reply, err := c.askAS(ctx, account.Realm, request)
		if err != nil {
			return nil, err
		}
		var again bool
		var ticket *Ticket
		err = guard("reply to a login", func() error {
			var err error
			ticket, again, err = c.loginReply(account, &request, &key, reply)
			return err
		})
		if err != nil || !again {
			return ticket, err
		}
	}
	return nil, fmt.Errorf("%w: the kdc asks for proof that it was given", ErrReply)
}

func (c *Client) askAS(ctx context.Context, realm string, request messages.ASReq) ([]byte, error) {
	b, err := request.Marshal()
	if err != nil {
		return nil, fmt.Errorf("encoding a request: %w", err)
	}
	return c.exchange(ctx, realm, b)
}

// loginReply reads a reply; again means that request now has the proof of the
// password that the KDC asked for.
func (c *Client) loginReply(account Account, request *messages.ASReq, key *types.EncryptionKey, reply []byte) (t *Ticket, again bool, err error) {
	refused, err := krbError(reply)
	if err != nil {
		return nil, false, err
	}
	if refused != nil {
		if refused.ErrorCode != errorcode.KDC_ERR_PREAUTH_REQUIRED || len(request.PAData) > 0 {
			return nil, false, refusal(refused)
		}
		var hints types.PADataSequence
		if err := hints.Unmarshal(refused.EData); err != nil {
			return nil, false, fmt.Errorf("%w: no hints about the password", ErrReply)
		}
		if *key, err = passwordKey(account, hints, 0); err != nil {
			return nil, false, err
		}
		return nil, true, prove(request, *key)
	}
	var rep messages.ASRep
	if err := rep.Unmarshal(reply); err != nil {
		return nil, false, fmt.Errorf("%w: no ticket in it", ErrReply)
	}
	if key.KeyType != rep.EncPart.EType {
		if *key, err = passwordKey(account, rep.PAData, rep.EncPart.EType); err != nil {
			return nil, false, err
		}
	}
	t, err = c.granted(account, request, *key, rep)
	return t, false, err
}

// granted checks that the ticket is the one asked for.
func (c *Client) granted(account Account, request *messages.ASReq, key types.EncryptionKey, rep messages.ASRep) (*Ticket, error) {
	if len(rep.EncPart.Cipher) < minCipher {
		return nil, fmt.Errorf("%w: %d bytes sealed", ErrReply, len(rep.EncPart.Cipher))
	}
	b, err := crypto.DecryptEncPart(rep.EncPart, key, keyusage.AS_REP_ENCPART)
	if err != nil {
		return nil, fmt.Errorf("%w: it does not open with the password", ErrRefused)
	}
	var part messages.EncKDCRepPart
	if err := part.Unmarshal(b); err != nil {
		return nil, fmt.Errorf("%w: no key in it", ErrReply)
	}
	switch {
	case part.Nonce != request.ReqBody.Nonce, part.SRealm != request.ReqBody.Realm, rep.CRealm != request.ReqBody.Realm,
		!strings.EqualFold(part.SName.PrincipalNameString(), request.ReqBody.SName.PrincipalNameString()), !part.SName.Equal(rep.Ticket.SName):
		return nil, fmt.Errorf("%w: answer to another question", ErrReply)
	case part.AuthTime.Sub(c.now()).Abs() > skew:
		return nil, wrongClock(part.AuthTime)
	case !slices.Contains(ciphers, part.Key.KeyType):
		return nil, fmt.Errorf("%w: a session key of type %d, not AES", ErrReply, part.Key.KeyType)
	}
	account.User = rep.CName.PrincipalNameString()
	return &Ticket{rep.Ticket, part.Key, account, part.EndTime}, nil
}

// passwordKey derives the user's key by the hints of type ETYPE-INFO2, or takes it
// from the keytab; want is the cipher, or 0 for the best that the hints name.
func passwordKey(account Account, hints types.PADataSequence, want int32) (types.EncryptionKey, error) {
	var entries types.ETypeInfo2
	for _, pa := range hints {
		if pa.PADataType != patype.PA_ETYPE_INFO2 {
			continue
		}
		if err := entries.Unmarshal(pa.PADataValue); err != nil {
			return types.EncryptionKey{}, fmt.Errorf("%w: hints about the password", ErrReply)
		}
	}
	for _, e := range entries {
		if !slices.Contains(ciphers, e.EType) || want != 0 && e.EType != want {
			continue
		}
		if len(account.Keytab) == 0 {
			return derive(account, e)
		}
		if key, err := account.keytabKey(e.EType); err == nil {
			return key, nil
		}
	}
	return types.EncryptionKey{}, fmt.Errorf("%w: it has no AES key of this account (ask for a new password, or allow AES on the account)", ErrRefused)
}

func derive(account Account, e types.ETypeInfo2Entry) (types.EncryptionKey, error) {
	et, err := crypto.GetEtype(e.EType)
	if err != nil {
		return types.EncryptionKey{}, fmt.Errorf("%w: cipher %d", ErrReply, e.EType)
	}
	params := et.GetDefaultStringToKeyParams()
	if len(e.S2KParams) > 0 {
		rounds := uint64(0)
		for _, b := range e.S2KParams {
			rounds = rounds<<8 | uint64(b)
		}
		if len(e.S2KParams) != 4 || rounds < minRounds || rounds > maxRounds {
			return types.EncryptionKey{}, fmt.Errorf("%w: a key of %d rounds", ErrReply, rounds)
		}
		params = hex.EncodeToString(e.S2KParams)
	}
	salt := e.Salt
	if salt == "" {
		salt = types.NewPrincipalName(nametype.KRB_NT_PRINCIPAL, account.User).GetSalt(account.Realm)
	}
	value, err := et.StringToKey(account.Password, salt, params)
	if err != nil {
		return types.EncryptionKey{}, fmt.Errorf("%w: deriving the key", ErrReply)
	}
	return types.EncryptionKey{KeyType: e.EType, KeyValue: value}, nil
}

// prove adds the encrypted time, by which the KDC sees that we have the password.
func prove(request *messages.ASReq, key types.EncryptionKey) error {
	now, err := types.GetPAEncTSEncAsnMarshalled()
	if err != nil {
		return fmt.Errorf("encoding the time: %w", err)
	}
	sealed, err := crypto.GetEncryptedData(now, key, keyusage.AS_REQ_PA_ENC_TIMESTAMP, 0)
	if err != nil {
		return fmt.Errorf("sealing the time: %w", err)
	}
	value, err := sealed.Marshal()
	if err != nil {
		return fmt.Errorf("encoding the proof: %w", err)
	}
	request.PAData = append(request.PAData, types.PAData{PADataType: patype.PA_ENC_TIMESTAMP, PADataValue: value})
	return nil
}
