package spnego

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"testing"
)

func TestTheOfferIsWhatOthersSend(t *testing.T) {
	// 0x60, the mechanism SPNEGO, [0], one mechanism, the token "AB".
	const want = "602206062b0601050502a0183016a00e300c060a2b06010401823702020aa20404024142"
	got, err := Init(NTLM, []byte("AB"))
	if err != nil {
		t.Fatal(err)
	}
	if hex.EncodeToString(got) != want {
		t.Errorf("Init = %x; want %s", got, want)
	}
	inner, err := Unframe(oidSPNEGO, got)
	if err != nil || inner[0] != 0xa0 {
		t.Errorf("Unframe = %x, %v", inner, err)
	}
}

// reply encodes as a peer does.
func reply(t testing.TB, m negTokenResp) []byte {
	t.Helper()
	b, err := asn1.MarshalWithParams(m, "explicit,tag:1")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestReplies(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []byte
		mech asn1.ObjectIdentifier
		want Reply
		err  error
	}{
		{"a challenge", reply(t, negTokenResp{1, NTLM, []byte("T"), nil}), NTLM, Reply{Incomplete, []byte("T"), nil}, nil},
		{"the end", reply(t, negTokenResp{0, nil, nil, []byte("M")}), NTLM, Reply{Completed, nil, []byte("M")}, nil},
		{"no state", reply(t, negTokenResp{-1, nil, []byte("T"), nil}), NTLM, Reply{Untold, []byte("T"), nil}, nil},
		{"a refusal", reply(t, negTokenResp{2, nil, nil, nil}), NTLM, Reply{State: Rejected}, ErrRejected},
		{"another mechanism", reply(t, negTokenResp{1, NTLM, nil, nil}), Kerberos, Reply{State: Incomplete}, ErrMechanism},
		{"Kerberos by its old number", reply(t, negTokenResp{0, kerberosMS, []byte("T"), nil}), Kerberos, Reply{Completed, []byte("T"), nil}, nil},
		{"something behind it", append(reply(t, negTokenResp{0, nil, nil, nil}), 0), NTLM, Reply{}, ErrToken},
		{"a state that is none", reply(t, negTokenResp{9, nil, nil, nil}), NTLM, Reply{}, ErrToken},
		{"nothing", nil, NTLM, Reply{}, ErrToken},
		{"an offer", []byte("\x60\x00"), NTLM, Reply{}, ErrToken},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Parse(c.mech, c.in)
			if !errors.Is(err, c.err) || got.State != c.want.State || !bytes.Equal(got.Token, c.want.Token) || !bytes.Equal(got.MIC, c.want.MIC) {
				t.Errorf("Parse(%x) = %+v, %v; want %+v, %v", c.in, got, err, c.want, c.err)
			}
		})
	}
}

func FuzzReply(f *testing.F) {
	f.Add(reply(f, negTokenResp{1, NTLM, []byte("token"), []byte("mic")}))
	f.Add(reply(f, negTokenResp{0, kerberosMS, nil, nil}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Parse(NTLM, b)
		if err == nil && (r.State == Rejected || len(r.Token) > len(b)) {
			t.Errorf("Parse(%x) = %+v", b, r)
		}
		if _, err := Unframe(Kerberos, b); err == nil && len(b) < 13 {
			t.Errorf("Unframe(%x) found a mechanism", b)
		}
	})
}
