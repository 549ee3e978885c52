package kerberos

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

// maxReferrals is how many domains of a forest a service may be away.
const maxReferrals = 5

// service gets a ticket for a service; the KDC may send us on to another
// domain's (RFC 6806 8).
func (c *Client) service(ctx context.Context, tgt *Ticket, service string) (*Ticket, error) {
	name := types.NewPrincipalName(nametype.KRB_NT_SRV_INST, service)
	realm := tgt.account.Realm
	for range maxReferrals {
		t, err := c.askTGS(ctx, tgt, realm, name)
		if err != nil {
			return nil, err
		}
		got := t.ticket.SName.NameString
		if strings.EqualFold(strings.Join(got, "/"), service) {
			return t, nil
		}
		if len(got) != 2 || got[0] != "krbtgt" || got[1] == realm {
			return nil, fmt.Errorf("%w: a ticket for %.100q", ErrReply, strings.Join(got, "/"))
		}
		tgt, realm = t, got[1]
	}
	return nil, fmt.Errorf("%w: more than %d referrals", ErrService, maxReferrals)
}

func (c *Client) askTGS(ctx context.Context, tgt *Ticket, realm string, name types.PrincipalName) (*Ticket, error) {
	user := types.NewPrincipalName(nametype.KRB_NT_PRINCIPAL, tgt.account.User)
	cfg := settings(realm)
	cfg.LibDefaults.Canonicalize = true // else no KDC refers us on
	var request messages.TGSReq
	err := guard("making a request", func() (err error) {
		request, err = messages.NewTGSReq(user, realm, cfg, tgt.ticket, tgt.key, name, false)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("making a request: %w", err)
	}
	b, err := request.Marshal()
	if err != nil {
		return nil, fmt.Errorf("encoding a request: %w", err)
	}
	reply, err := c.exchange(ctx, realm, b)
	if err != nil {
		return nil, err
	}
	var t *Ticket
	err = guard("reply with a ticket", func() (err error) {
		t, err = serviceReply(tgt, request, reply)
		return err
	})
	return t, err
}

func serviceReply(tgt *Ticket, request messages.TGSReq, reply []byte) (*Ticket, error) {
	refused, err := krbError(reply)
	if err != nil {
		return nil, err
	}
	if refused != nil {
		return nil, refusal(refused)
	}
	var rep messages.TGSRep
	if err := rep.Unmarshal(reply); err != nil {
		return nil, fmt.Errorf("%w: no ticket in it", ErrReply)
	}
	if len(rep.EncPart.Cipher) < minCipher || rep.DecryptEncPart(tgt.key) != nil {
		return nil, fmt.Errorf("%w: it does not open with the session's key", ErrReply)
	}
	part := rep.DecryptedEncPart
	if part.Nonce != request.ReqBody.Nonce {
		return nil, fmt.Errorf("%w: answer to another question", ErrReply)
	}
	if !slices.Contains(ciphers, part.Key.KeyType) {
		return nil, fmt.Errorf("%w: a session key of type %d, not AES", ErrReply, part.Key.KeyType)
	}
	if !part.SName.Equal(rep.Ticket.SName) {
		return nil, fmt.Errorf("%w: its outside names another service", ErrReply)
	}
	return &Ticket{rep.Ticket, part.Key, tgt.account, part.EndTime}, nil
}
