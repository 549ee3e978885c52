package kerberos

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/asn1tools"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/asnAppTag"
	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/iana/patype"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm/spnego"
)

var alice = Account{Realm: "NORTHVALLEY.LOCAL", User: "alice", Password: "Secret-1"}

// ready is a context whose service has proven itself.
func ready(cipher int32, size int) *Context {
	return &Context{
		ticket: &Ticket{account: alice}, key: types.EncryptionKey{KeyType: cipher, KeyValue: bytes.Repeat([]byte{0x42}, size)},
		acceptorKey: true, send: 7, receive: 1000, ready: true,
	}
}

// acceptorSeals is what the service sends: extra filler, then rotated.
func acceptorSeals(t testing.TB, c *Context, sequence uint64, plain string, extra, rotation int) []byte {
	t.Helper()
	et, err := crypto.GetEtype(c.key.KeyType)
	if err != nil {
		t.Fatal(err)
	}
	h := c.head(0x0504, fromAcceptor|isSealed, uint16(extra), sequence)
	_, sealed, err := et.EncryptMessage(c.key.KeyValue, slices.Concat([]byte(plain), make([]byte, extra), h), usageAcceptorSeal)
	if err != nil {
		t.Fatal(err)
	}
	binary.BigEndian.PutUint16(h[6:], uint16(rotation))
	cut := len(sealed) - rotation%len(sealed)
	return slices.Concat(h, sealed[cut:], sealed[:cut])
}

func TestTokensOpenHoweverTheyAreRotated(t *testing.T) {
	for _, cipher := range []struct {
		name string
		id   int32
		size int
	}{
		{"aes256 sha1", etypeID.AES256_CTS_HMAC_SHA1_96, 32},
		{"aes128 sha1", etypeID.AES128_CTS_HMAC_SHA1_96, 16},
		{"aes256 sha384", etypeID.AES256_CTS_HMAC_SHA384_192, 32},
		{"aes128 sha256", etypeID.AES128_CTS_HMAC_SHA256_128, 16},
	} {
		for _, shape := range []struct{ extra, rotation, cut int }{{0, 28, 60}, {0, 0, 16}, {16, 44, 76}, {0, 5000, 20}} {
			c := ready(cipher.id, cipher.size)
			for i, text := range []string{"first", "", "a longer third one, of more than one block"} {
				token := acceptorSeals(t, c, uint64(1000+i), text, shape.extra, shape.rotation)
				got, err := c.Unseal(token[:shape.cut], token[shape.cut:])
				if err != nil || string(got) != text {
					t.Errorf("%s %+v: Unseal = %q, %v; want %q", cipher.name, shape, got, err, text)
				}
			}
		}
	}
}

func TestAnAlteredOrRepeatedTokenDoesNotOpen(t *testing.T) {
	good := acceptorSeals(t, ready(etypeID.AES256_CTS_HMAC_SHA1_96, 32), 1000, "text", 0, 28)
	for at := range good {
		c := ready(etypeID.AES256_CTS_HMAC_SHA1_96, 32)
		bad := slices.Clone(good)
		bad[at] ^= 1
		if got, err := c.Unseal(bad[:60], bad[60:]); !errors.Is(err, ErrSeal) {
			t.Errorf("Unseal with byte %d altered = %q, %v; want %v", at, got, err, ErrSeal)
		}
	}
	c := ready(etypeID.AES256_CTS_HMAC_SHA1_96, 32)
	if _, err := c.Unseal(good, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Unseal(good, nil); !errors.Is(err, ErrSeal) {
		t.Errorf("Unseal again = %v; want %v", err, ErrSeal)
	}
	for n := range len(good) {
		if _, err := ready(etypeID.AES256_CTS_HMAC_SHA1_96, 32).Unseal(good[:n], nil); !errors.Is(err, ErrSeal) {
			t.Errorf("Unseal of %d bytes = %v; want %v", n, err, ErrSeal)
		}
	}
}

func TestOurTokensHaveTheShapeOfWrapIOV(t *testing.T) {
	c := ready(etypeID.AES256_CTS_HMAC_SHA1_96, 32)
	header, data, err := c.Seal([]byte("plain text"))
	if err != nil || len(header) != 16+28+16 || len(data) != 10 {
		t.Errorf("Seal = %d and %d bytes, %v; want 60 and 10", len(header), len(data), err)
	}
	if want := []byte{5, 4, isSealed | byAcceptor, 0xff, 0, 0, 0, 28, 0, 0, 0, 0, 0, 0, 0, 7}; !bytes.Equal(header[:16], want) {
		t.Errorf("header = %x; want %x", header[:16], want)
	}
	c.ready = false
	if _, _, err := c.Seal(nil); !errors.Is(err, ErrSeal) {
		t.Errorf("Seal before the proof = %v; want %v", err, ErrSeal)
	}
}

// proof is the service's reply to a context's request.
func proof(t testing.TB, c *Context, ctime time.Time, cusec int) []byte {
	t.Helper()
	part := messages.EncAPRepPart{CTime: ctime, Cusec: cusec, Subkey: types.EncryptionKey{KeyType: etypeID.AES256_CTS_HMAC_SHA1_96, KeyValue: make([]byte, 32)}, SequenceNumber: 99}
	b, err := asn1.Marshal(part)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := crypto.GetEncryptedData(asn1tools.AddASNAppTag(b, asnAppTag.EncAPRepPart), c.ticket.key, keyusage.AP_REP_ENCPART, 0)
	if err != nil {
		t.Fatal(err)
	}
	b, err = asn1.Marshal(messages.APRep{PVNO: 5, MsgType: 15, EncPart: sealed})
	if err != nil {
		t.Fatal(err)
	}
	token, err := spnego.Frame(spnego.Kerberos, append(slices.Clone(tokenReply), asn1tools.AddASNAppTag(b, asnAppTag.APREP)...))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// asked is a context that has sent its request.
func asked(t testing.TB) *Context {
	t.Helper()
	ticket := &Ticket{
		account: alice, key: types.EncryptionKey{KeyType: etypeID.AES256_CTS_HMAC_SHA1_96, KeyValue: bytes.Repeat([]byte{1}, 32)},
		ticket: messages.Ticket{TktVNO: 5, Realm: alice.Realm, SName: types.NewPrincipalName(nametype.KRB_NT_SRV_INST, "HTTP/ws01")},
	}
	c := NewContext(ticket, nil)
	if _, err := c.Request(); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheServiceMustProveItself(t *testing.T) {
	c := asked(t)
	if err := c.Reply(proof(t, c, c.auth.CTime.Add(-time.Second), c.auth.Cusec)); !errors.Is(err, ErrSeal) || c.Ready() {
		t.Errorf("Reply about another request = %v; want %v", err, ErrSeal)
	}
	other := asked(t)
	other.ticket.key.KeyValue = bytes.Repeat([]byte{2}, 32)
	if err := c.Reply(proof(t, other, c.auth.CTime, c.auth.Cusec)); !errors.Is(err, ErrSeal) || c.Ready() {
		t.Errorf("Reply by another key = %v; want %v", err, ErrSeal)
	}
	if err := c.Reply(proof(t, c, c.auth.CTime, c.auth.Cusec)); err != nil || !c.Ready() || c.receive != 99 || !c.acceptorKey {
		t.Errorf("Reply = %v, ready %t, next %d", err, c.Ready(), c.receive)
	}
}

func TestATicketWithoutANameIsAnError(t *testing.T) {
	c := asked(t)
	c.ticket.ticket.SName.NameString = nil
	if _, err := c.Request(); !errors.Is(err, ErrReply) {
		t.Errorf("Request = %v; want %v", err, ErrReply)
	}
}

// preauth is a KDC's demand for a proof, with a hint of this many rounds.
func preauth(t testing.TB, cipher int32, rounds []byte) []byte {
	t.Helper()
	info, err := asn1.Marshal(types.ETypeInfo2{{EType: cipher, Salt: "SALT", S2KParams: rounds}})
	if err != nil {
		t.Fatal(err)
	}
	hints, err := asn1.Marshal(types.PADataSequence{{PADataType: patype.PA_ETYPE_INFO2, PADataValue: info}})
	if err != nil {
		t.Fatal(err)
	}
	e := messages.NewKRBError(types.NewPrincipalName(nametype.KRB_NT_SRV_INST, "krbtgt/NORTHVALLEY.LOCAL"), alice.Realm, errorcode.KDC_ERR_PREAUTH_REQUIRED, "")
	e.EData = hints
	b, err := e.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// answering is a client whose KDC gives these bytes.
func answering(reply []byte) *Client {
	c := New(func(context.Context, string) ([]string, error) { return []string{"kdc:88"}, nil })
	c.dial = func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close() //nolint:errcheck // a pipe
			var size [4]byte
			if _, err := io.ReadFull(theirs, size[:]); err != nil {
				return
			}
			if _, err := io.CopyN(io.Discard, theirs, int64(binary.BigEndian.Uint32(size[:]))); err != nil {
				return
			}
			_, _ = theirs.Write(reply) // the client may have hung up
		}()
		return ours, nil
	}
	return c
}

func framed(b []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}

func TestAHostileKDCCostsNothing(t *testing.T) {
	refusal := func(code int32) []byte {
		e := messages.NewKRBError(types.NewPrincipalName(nametype.KRB_NT_SRV_INST, "krbtgt/R"), alice.Realm, code, "")
		b, err := e.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return framed(b)
	}
	for name, c := range map[string]struct {
		reply []byte
		want  error
	}{
		"a reply of four gigabytes":       {[]byte{0xff, 0xff, 0xff, 0xff}, ErrKDC},
		"nothing":                         {nil, ErrKDC},
		"half a reply":                    {[]byte{0, 0, 0, 9, 1}, ErrKDC},
		"an empty reply":                  {[]byte{0, 0, 0, 0}, ErrReply},
		"no asn1":                         {framed([]byte("HTTP/1.1 400")), ErrReply},
		"four billion rounds":             {framed(preauth(t, etypeID.AES256_CTS_HMAC_SHA1_96, []byte{0xff, 0xff, 0xff, 0xff})), ErrReply},
		"no rounds":                       {framed(preauth(t, etypeID.AES256_CTS_HMAC_SHA1_96, []byte{0, 0, 0, 0})), ErrReply},
		"a cipher of yesterday":           {framed(preauth(t, etypeID.RC4_HMAC, nil)), ErrRefused},
		"a demand for proof after it":     {framed(preauth(t, etypeID.AES256_CTS_HMAC_SHA1_96, nil)), ErrReply},
		"a wrong password":                {refusal(errorcode.KDC_ERR_PREAUTH_FAILED), ErrRefused},
		"an unknown user":                 {refusal(errorcode.KDC_ERR_C_PRINCIPAL_UNKNOWN), ErrRefused},
		"a clock that differs":            {refusal(errorcode.KRB_AP_ERR_SKEW), ErrKDC},
		"an unknown service":              {refusal(errorcode.KDC_ERR_S_PRINCIPAL_UNKNOWN), ErrService},
		"a refusal with something behind": {framed(append([]byte{tagError}, "rubbish"...)), ErrReply},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := answering(c.reply).Ticket(t.Context(), alice, "HTTP/ws01")
			if !errors.Is(err, c.want) {
				t.Errorf("Ticket = %v; want %v", err, c.want)
			}
		})
	}
}

func TestARefusedCredentialIsNotShownAgainForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := messages.NewKRBError(types.NewPrincipalName(nametype.KRB_NT_SRV_INST, "krbtgt/R"), alice.Realm, errorcode.KDC_ERR_PREAUTH_FAILED, "")
		b, err := e.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		c := answering(framed(b))
		dial, asked := c.dial, 0
		c.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			asked++
			return dial(ctx, network, address)
		}
		try := func(account Account, service string) {
			t.Helper()
			if _, err := c.Ticket(t.Context(), account, service); !errors.Is(err, ErrRefused) {
				t.Errorf("Ticket = %v; want %v", err, ErrRefused)
			}
		}
		for range 500 {
			try(alice, "HTTP/ws01")
		}
		if asked != 1 {
			t.Errorf("the kdc was asked %d times; want 1", asked)
		}
		changed := alice
		changed.Password = "Secret-2"
		try(changed, "HTTP/ws01")
		if asked != 2 {
			t.Errorf("a new password was not tried: %d", asked)
		}
		time.Sleep(refusedFor + time.Second)
		try(changed, "HTTP/ws02")
		if asked != 3 {
			t.Errorf("it was not tried again after a while: %d", asked)
		}
	})
}

func TestASilentKDCIsLeftAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(func(context.Context, string) ([]string, error) { return []string{"a:88", "b:88"}, nil })
		c.dial = func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			t.Cleanup(func() { _ = theirs.Close() })
			go io.Copy(io.Discard, theirs) //nolint:errcheck // ends with the pipe
			return ours, nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		begun := time.Now()
		_, err := c.Ticket(ctx, alice, "HTTP/ws01")
		if took := time.Since(begun); !errors.Is(err, ErrKDC) || !errors.Is(err, context.DeadlineExceeded) || took != 7*time.Second {
			t.Errorf("Ticket = %v after %s; want the deadline after 7s", err, took)
		}
	})
}

func FuzzKDCReply(f *testing.F) {
	f.Add(preauth(f, etypeID.AES256_CTS_HMAC_SHA1_96, nil))
	f.Add(preauth(f, etypeID.AES128_CTS_HMAC_SHA256_128, []byte{0, 0, 0x10, 0}))
	f.Add([]byte{0x6b, 0x03, 0x30, 0x01, 0x00})
	tgt := asked(f).ticket
	c := New(nil)
	f.Fuzz(func(t *testing.T, b []byte) {
		request, err := messages.NewASReqForTGT(alice.Realm, settings(alice.Realm), types.NewPrincipalName(nametype.KRB_NT_PRINCIPAL, "alice"))
		if err != nil {
			t.Fatal(err)
		}
		var key types.EncryptionKey
		_ = guard("", func() error {
			if ticket, _, err := c.loginReply(alice, &request, &key, b); err == nil && ticket != nil {
				t.Errorf("a ticket of %x", b)
			}
			return nil
		})
		_ = guard("", func() error {
			if ticket, err := serviceReply(tgt, messages.TGSReq{}, b); err == nil {
				t.Errorf("a ticket %v of %x", ticket, b)
			}
			return nil
		})
	})
}

func FuzzProof(f *testing.F) {
	c := asked(f)
	f.Add(proof(f, c, c.auth.CTime, c.auth.Cusec))
	f.Add(acceptorSeals(f, c, 0, "x", 0, 28))
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := asked(t).Reply(b); err == nil {
			t.Errorf("Reply(%x) was believed", b)
		}
		if plain, err := ready(etypeID.AES256_CTS_HMAC_SHA1_96, 32).Unseal(b, nil); err == nil {
			t.Errorf("Unseal(%x) = %q", b, plain)
		}
	})
}
