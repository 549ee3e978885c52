package spnego_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jcmturner/gofork/encoding/asn1"
	gokrb5 "github.com/jcmturner/gokrb5/v8/spnego"

	"github.com/osiriscare/osiris/tools/winlab/spnego"
)

func TestAnIndependentInitIsRead(t *testing.T) {
	in := gokrb5.NegTokenInit{
		MechTypes:      []asn1.ObjectIdentifier{{1, 2, 840, 48018, 1, 2, 2}, {1, 2, 840, 113554, 1, 2, 2}, {1, 3, 6, 1, 4, 1, 311, 2, 2, 10}},
		MechTokenBytes: []byte("token"),
	}
	b, err := (&gokrb5.SPNEGOToken{Init: true, NegTokenInit: in}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	got, err := spnego.ParseInit(b)
	if err != nil {
		t.Fatal(err)
	}
	if want := [][]byte{spnego.MSKerberos, spnego.Kerberos, spnego.NTLM}; !cmp.Equal(got.Mechanisms, want) {
		t.Errorf("ParseInit = %x; want %x", got.Mechanisms, want)
	}
	if string(got.Token) != "token" || got.MIC != nil {
		t.Errorf("ParseInit = token %q, MIC %q", got.Token, got.MIC)
	}
	again, err := got.Marshal()
	if err != nil || !cmp.Equal(again, b) {
		t.Errorf("Marshal = %x, %v; want %x", again, err, b)
	}
}

func TestAnIndependentReaderTakesOurResp(t *testing.T) {
	r := spnego.Resp{State: spnego.AcceptIncomplete, Mechanism: spnego.NTLM, Token: []byte("challenge")}
	b, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	var got gokrb5.NegTokenResp
	if err := got.Unmarshal(b); err != nil {
		t.Fatal(err)
	}
	if got.State() != gokrb5.NegStateAcceptIncomplete || string(got.ResponseToken) != "challenge" ||
		!got.SupportedMech.Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 2, 10}) {
		t.Errorf("Unmarshal(%x) = %+v", b, got)
	}
	mine, err := spnego.ParseResp(b)
	if err != nil || !cmp.Equal(*mine, r) {
		t.Errorf("ParseResp = %+v, %v; want %+v", mine, err, r)
	}
}

func TestWhatIsNoTokenIsRefused(t *testing.T) {
	for name, b := range map[string][]byte{
		"nothing":                   nil,
		"a frame alone":             {0x60, 0},
		"a length beyond the bytes": {0x60, 0x82, 0xff, 0xff, 6, 6, 0x2b, 6, 1, 5, 5, 2},
		"an endless length":         {0x60, 0x80, 6, 6, 0x2b, 6, 1, 5, 5, 2, 0, 0},
		"NTLM without a wrap":       []byte("NTLMSSP\x00\x01\x00\x00\x00"),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := spnego.ParseInit(b); !errors.Is(err, spnego.ErrToken) {
				t.Errorf("ParseInit = %v; want ErrToken", err)
			}
			if _, err := spnego.ParseResp(b); !errors.Is(err, spnego.ErrToken) {
				t.Errorf("ParseResp = %v; want ErrToken", err)
			}
		})
	}
}

func FuzzInit(f *testing.F) {
	b, err := (&spnego.Init{Mechanisms: [][]byte{spnego.Kerberos, spnego.NTLM}, Token: []byte("t"), MIC: []byte("m")}).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		in, err := spnego.ParseInit(b)
		if err != nil {
			return
		}
		again, err := in.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		got, err := spnego.ParseInit(again)
		if err != nil || !cmp.Equal(got.Mechanisms, in.Mechanisms) || string(got.Token) != string(in.Token) {
			t.Errorf("ParseInit(Marshal(%x)) = %+v, %v", b, got, err)
		}
	})
}

func FuzzResp(f *testing.F) {
	b, err := (&spnego.Resp{State: spnego.AcceptCompleted, Mechanism: spnego.NTLM, Token: []byte("t"), MIC: []byte("m")}).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		in, err := spnego.ParseResp(b)
		if err != nil {
			return
		}
		again, err := in.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := spnego.ParseResp(again); err != nil || !cmp.Equal(got, in) {
			t.Errorf("ParseResp(Marshal(%x)) = %+v, %v; want %+v", b, got, err, in)
		}
	})
}
