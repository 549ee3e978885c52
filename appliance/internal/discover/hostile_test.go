package discover

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/asn1tools"
	"github.com/jcmturner/gokrb5/v8/iana/asnAppTag"
	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/iana/patype"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

// hostileKDC answers every request with the same bytes.
func hostileKDC(t *testing.T, reply []byte) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			var size [4]byte
			_, _ = io.ReadFull(c, size[:])
			_, _ = io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint32(size[:])))
			_, _ = c.Write(reply)
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

// asks is a KDC's error that asks for a key of so many rounds.
func asks(t *testing.T, rounds uint32) []byte {
	t.Helper()
	marshal := func(v any) []byte {
		b, err := asn1.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	info := marshal(types.ETypeInfo2{{EType: etypeID.AES256_CTS_HMAC_SHA1_96, Salt: "X", S2KParams: binary.BigEndian.AppendUint32(nil, rounds)}})
	e := messages.NewKRBError(types.PrincipalName{NameType: 2, NameString: []string{"krbtgt", "CLINIC.LAN"}}, "CLINIC.LAN", errorcode.KDC_ERR_PREAUTH_REQUIRED, "")
	e.EData = marshal(types.PADataSequence{{PADataType: patype.PA_ETYPE_INFO2, PADataValue: info}})
	b := asn1tools.AddASNAppTag(marshal(e), asnAppTag.KRBError)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...) //nolint:gosec // small
}

func TestWhoeverAnswersForTheKDCDoesNotHarmUs(t *testing.T) {
	for name, c := range map[string]struct {
		reply []byte
		want  error
	}{
		"a key of four billion rounds":   {asks(t, 1<<32-1), ErrReply},
		"a key of one round":             {asks(t, 1), ErrReply},
		"a reply of four gigabytes":      {[]byte{0xff, 0xff, 0xff, 0xff}, ErrUnreachable},
		"a reply that ends":              {[]byte{0, 0, 1, 0, 1}, ErrUnreachable},
		"a reply that is no message":     {[]byte{0, 0, 0, 2, 0x6b, 0}, ErrReply},
		"an error that cannot be read":   {[]byte{0, 0, 0, 2, 0x7e, 0}, ErrReply},
		"a ticket that is broken inside": {[]byte{0, 0, 0, 6, 0x6b, 4, 0x30, 2, 0xa0, 0}, ErrReply},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := New(Config{Domain: "clinic.lan", Credential: Credential{Method: Kerberos, User: "scan", Password: "secret"}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.ticketBy(t.Context(), "dc1.clinic.lan", []string{hostileKDC(t, c.reply)}); !errors.Is(err, c.want) {
				t.Errorf("ticket = %v; want %v", err, c.want)
			}
		})
	}
	t.Run("one that is silent, with a context that ends", func(t *testing.T) {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() //nolint:errcheck // nothing is lost
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			if c, err := l.Accept(); err == nil {
				defer c.Close() //nolint:errcheck // nothing is lost
			}
			cancel()
		}()
		d := &Directory{cfg: Config{Domain: "clinic.lan", Credential: Credential{Method: Kerberos, User: "scan", Password: "secret"}}}
		if _, err := d.ticketBy(ctx, "dc1.clinic.lan", []string{l.Addr().String()}); !errors.Is(err, ErrUnreachable) {
			t.Errorf("ticket = %v; want %v", err, ErrUnreachable)
		}
	})
}
