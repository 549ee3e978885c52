package kerberos

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

const (
	realm = "NORTHVALLEY.EXAMPLE"
	spn   = "HTTP/ws01.northvalley.example"
)

// initiator is a client of gokrb5's messages, without a KDC.
type initiator struct {
	req   messages.APReq
	auth  types.Authenticator
	key   types.EncryptionKey
	token []byte
}

type offer struct {
	keytab   *keytab.Keytab
	etype    int32
	age      time.Duration
	flags    uint32
	bindings []byte
	noSubkey bool
	cksum    []byte
}

func keys(t testing.TB, etype int32) *keytab.Keytab {
	t.Helper()
	kt := keytab.New()
	if err := kt.AddEntry(spn, realm, "secret", time.Now(), 1, etype); err != nil {
		t.Fatal(err)
	}
	return kt
}

func newInitiator(t testing.TB, o offer) *initiator {
	t.Helper()
	cname := types.NewPrincipalName(nametype.KRB_NT_PRINCIPAL, "osiris")
	sname := types.NewPrincipalName(nametype.KRB_NT_SRV_INST, spn)
	now := time.Now().UTC()
	ticket, key, err := messages.NewTicket(cname, realm, sname, realm, types.NewKrbFlags(), o.keytab, o.etype, 1,
		now.Add(-o.age), now.Add(-o.age), now.Add(time.Hour-o.age), now)
	if err != nil {
		t.Fatal(err)
	}
	auth, err := types.NewAuthenticator(realm, cname)
	if err != nil {
		t.Fatal(err)
	}
	if !o.noSubkey {
		if err := auth.GenerateSeqNumberAndSubKey(o.etype, keySize(o.etype)); err != nil {
			t.Fatal(err)
		}
	}
	sum := o.cksum
	if sum == nil {
		sum = make([]byte, 24)
		sum[0] = 16
		copy(sum[4:], o.bindings)
		binary.LittleEndian.PutUint32(sum[20:], o.flags)
	}
	auth.Cksum = types.Checksum{CksumType: checksumGSS, Checksum: sum}
	req, err := messages.NewAPReq(ticket, key, auth)
	if err != nil {
		t.Fatal(err)
	}
	der, err := req.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	token, err := marshalFrame(tokenAPReq, der)
	if err != nil {
		t.Fatal(err)
	}
	return &initiator{req: req, auth: auth, key: key, token: token}
}

// session reads the AP-REP and turns the roles round.
func (i *initiator) session(t *testing.T, reply []byte) *Session {
	t.Helper()
	key, seq := i.auth.SubKey, uint64(i.auth.SeqNumber)
	if key.KeyType == 0 {
		key = i.key
	}
	s := &Session{initiator: true, sendSeq: seq, receiveSeq: seq, key: key.KeyValue}
	if len(reply) > 0 {
		der, err := parseFrame(reply, tokenAPRep)
		if err != nil {
			t.Fatal(err)
		}
		var rep messages.APRep
		if err := rep.Unmarshal(der); err != nil {
			t.Fatal(err)
		}
		plain, err := crypto.DecryptEncPart(rep.EncPart, i.key, keyusage.AP_REP_ENCPART)
		if err != nil {
			t.Fatal(err)
		}
		var part messages.EncAPRepPart
		if err := part.Unmarshal(plain); err != nil {
			t.Fatal(err)
		}
		if part.Cusec != i.auth.Cusec || part.CTime.Unix() != i.auth.CTime.Unix() {
			t.Errorf("AP-REP is of %v %d; want %v %d", part.CTime, part.Cusec, i.auth.CTime, i.auth.Cusec)
		}
		s.key, s.receiveSeq, s.acceptorSubkey = part.Subkey.KeyValue, uint64(part.SequenceNumber), true
	}
	etype, err := crypto.GetEtype(key.KeyType)
	if err != nil {
		t.Fatal(err)
	}
	s.etype = etype
	return s
}

func TestSealingBothWays(t *testing.T) {
	for name, o := range map[string]offer{
		"AES-256":                   {etype: etypeID.AES256_CTS_HMAC_SHA1_96, flags: flagMutual},
		"AES-128":                   {etype: etypeID.AES128_CTS_HMAC_SHA1_96, flags: flagMutual},
		"without proof of server":   {etype: etypeID.AES256_CTS_HMAC_SHA1_96},
		"without the client's key":  {etype: etypeID.AES256_CTS_HMAC_SHA1_96, noSubkey: true},
		"with the acceptor's alone": {etype: etypeID.AES256_CTS_HMAC_SHA1_96, noSubkey: true, flags: flagMutual},
	} {
		t.Run(name, func(t *testing.T) {
			o.keytab = keys(t, o.etype)
			i, a := newInitiator(t, o), NewAcceptor(Config{Keytab: o.keytab})
			reply, id, err := a.Accept(i.token)
			if err != nil {
				t.Fatal(err)
			}
			if want := (Identity{Realm: realm, User: "osiris", Service: spn, Mutual: o.flags != 0}); id != want {
				t.Errorf("Accept = %+v; want %+v", id, want)
			}
			if (len(reply) > 0) != (o.flags != 0) {
				t.Errorf("Accept = a reply of %d bytes", len(reply))
			}
			client := i.session(t, reply)
			for n := range 40 {
				plain := bytes.Repeat([]byte{byte(n)}, n*97)
				for _, way := range []struct{ from, to *Session }{{client, a.Session()}, {a.Session(), client}} {
					head, data, err := way.from.Seal(plain)
					if err != nil {
						t.Fatal(err)
					}
					if got, err := way.to.Unseal(head, data); err != nil || !bytes.Equal(got, plain) {
						t.Fatalf("Unseal of message %d = %d bytes, %v", n, len(got), err)
					}
				}
			}
			list := []byte("mechanisms")
			mic, err := client.SignList(list)
			if err != nil {
				t.Fatal(err)
			}
			if err := a.Session().VerifyList(list, mic); err != nil {
				t.Error(err)
			}
			if err := a.Session().VerifyList(list, mic); !errors.Is(err, ErrSeal) {
				t.Errorf("VerifyList of the same again = %v", err)
			}
		})
	}
}

func TestRefusedTickets(t *testing.T) {
	etype := int32(etypeID.AES256_CTS_HMAC_SHA1_96)
	kt, bound := keys(t, etype), bytes.Repeat([]byte{9}, 16)
	other := keytab.New()
	if err := other.AddEntry(spn, realm, "another", time.Now(), 1, etype); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		offer offer
		cfg   Config
		want  error
	}{
		"of another key":         {offer{keytab: other}, Config{}, ErrLogon},
		"that is over":           {offer{age: 2 * time.Hour}, Config{}, ErrLogon},
		"that is not yet":        {offer{age: -time.Hour}, Config{}, ErrLogon},
		"in DCE style":           {offer{flags: flagDCEStyle}, Config{}, ErrToken},
		"without a GSS checksum": {offer{cksum: []byte{1}}, Config{}, ErrToken},
		"bound to nothing yet":   {offer{}, Config{ChannelBindings: bound}, nil},
		"bound to another":       {offer{bindings: bytes.Repeat([]byte{8}, 16)}, Config{ChannelBindings: bound}, ErrLogon},
		"bound to nothing":       {offer{}, Config{ChannelBindings: bound, RequireBindings: true}, ErrLogon},
		"bound well":             {offer{bindings: bound}, Config{ChannelBindings: bound, RequireBindings: true}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c.offer.etype = etype
			if c.offer.keytab == nil {
				c.offer.keytab = kt
			}
			c.cfg.Keytab = kt
			a := NewAcceptor(c.cfg)
			_, _, err := a.Accept(newInitiator(t, c.offer).token)
			if !errors.Is(err, c.want) {
				t.Errorf("Accept = %v; want %v", err, c.want)
			}
			if (a.Session() != nil) != (c.want == nil) {
				t.Error("the session and the error disagree")
			}
		})
	}
}

func TestATicketShownTwiceIsRefused(t *testing.T) {
	kt := keys(t, etypeID.AES256_CTS_HMAC_SHA1_96)
	i := newInitiator(t, offer{keytab: kt, etype: etypeID.AES256_CTS_HMAC_SHA1_96})
	if _, _, err := NewAcceptor(Config{Keytab: kt}).Accept(i.token); err != nil {
		t.Fatal(err)
	}
	if _, _, err := NewAcceptor(Config{Keytab: kt}).Accept(i.token); !errors.Is(err, ErrLogon) {
		t.Errorf("Accept of the same again = %v; want ErrLogon", err)
	}
}

func TestSealedMessagesAreRefusedOutOfTheirTurn(t *testing.T) {
	kt := keys(t, etypeID.AES256_CTS_HMAC_SHA1_96)
	for name, spoil := range map[string]func(b []byte) []byte{
		"a changed byte":         func(b []byte) []byte { b[70] ^= 1; return b },
		"another number":         func(b []byte) []byte { b[15]++; return b },
		"another rotation":       func(b []byte) []byte { b[7]++; return b },
		"more filler":            func(b []byte) []byte { b[5]++; return b },
		"not encrypted":          func(b []byte) []byte { b[2] &^= sealed; return b },
		"from the acceptor":      func(b []byte) []byte { b[2] |= byAcceptor; return b },
		"a header alone":         func(b []byte) []byte { return b[:16] },
		"shorter than a trailer": func(b []byte) []byte { return b[:59] },
		"nothing":                func([]byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			i, a := newInitiator(t, offer{keytab: kt, etype: etypeID.AES256_CTS_HMAC_SHA1_96, flags: flagMutual}), NewAcceptor(Config{Keytab: kt})
			reply, _, err := a.Accept(i.token)
			if err != nil {
				t.Fatal(err)
			}
			head, data, err := i.session(t, reply).Seal([]byte("a message of some length"))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := a.Session().Unseal(nil, spoil(append(head, data...))); !errors.Is(err, ErrSeal) {
				t.Errorf("Unseal = %q, %v; want ErrSeal", got, err)
			}
		})
	}
}

func FuzzAccept(f *testing.F) {
	kt := keys(f, etypeID.AES256_CTS_HMAC_SHA1_96)
	f.Add(newInitiator(f, offer{keytab: kt, etype: etypeID.AES256_CTS_HMAC_SHA1_96, flags: flagMutual}).token)
	f.Add([]byte{0x60, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		a := NewAcceptor(Config{Keytab: kt})
		_, _, err := a.Accept(b)
		if err != nil && a.Session() != nil {
			t.Errorf("Accept(%x) = %v and a session", b, err)
		}
	})
}

func FuzzUnseal(f *testing.F) {
	etype, err := crypto.GetEtype(etypeID.AES256_CTS_HMAC_SHA1_96)
	if err != nil {
		f.Fatal(err)
	}
	pair := func() (client, server *Session) {
		key := make([]byte, 32)
		return &Session{etype: etype, key: key, initiator: true}, &Session{etype: etype, key: key}
	}
	client, _ := pair()
	head, data, err := client.Seal([]byte("plain"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(head, data)
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, head, data []byte) {
		_, server := pair()
		if _, err := server.Unseal(head, data); err != nil && !errors.Is(err, ErrSeal) {
			t.Errorf("Unseal = %v; want ErrSeal", err)
		}
	})
}
