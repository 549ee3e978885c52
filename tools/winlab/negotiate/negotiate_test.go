package negotiate_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/bodgit/ntlmssp"

	"github.com/osiriscare/osiris/tools/winlab/negotiate"
	"github.com/osiriscare/osiris/tools/winlab/ntlm"
	"github.com/osiriscare/osiris/tools/winlab/spnego"
)

func config() negotiate.Config {
	return negotiate.Config{NTLM: &ntlm.Config{
		NetBIOSDomain: "NORTHVALLEY", NetBIOSComputer: "WS01",
		NTHash: func(_, user string) ([16]byte, bool) {
			return ntlm.NTHash("Pa55-wörd"), strings.EqualFold(user, "osiris")
		},
	}}
}

func client(t *testing.T) *ntlmssp.Client {
	t.Helper()
	c, err := ntlmssp.NewClient(ntlmssp.SetUserInfo("osiris", "Pa55-wörd"), ntlmssp.SetDomain("NORTHVALLEY"), ntlmssp.SetVersion(ntlmssp.DefaultVersion()))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// wrapped logs on in SPNEGO, offering mechanisms and sending the first token
// with the list if eager.
func wrapped(t *testing.T, a *negotiate.Acceptor, c *ntlmssp.Client, mechanisms [][]byte, eager bool) (*spnego.Resp, bool, error) {
	t.Helper()
	first := must(c.Authenticate(nil, nil))(t)
	in := spnego.Init{Mechanisms: mechanisms}
	if eager {
		in.Token = first
	}
	reply, done, err := a.Step(must(in.Marshal())(t))
	if err != nil {
		return nil, done, err
	}
	resp := must(spnego.ParseResp(reply))(t)
	if !bytes.Equal(resp.Mechanism, spnego.NTLM) {
		t.Errorf("the acceptor chose %x", resp.Mechanism)
	}
	if !eager || !bytes.Equal(mechanisms[0], spnego.NTLM) {
		if resp.State != spnego.RequestMIC || resp.Token != nil {
			t.Errorf("the first answer = %+v; want request-mic and no token", resp)
		}
		reply, done, err = a.Step(must((&spnego.Resp{State: spnego.Absent, Token: first}).Marshal())(t))
		if err != nil {
			return nil, done, err
		}
		resp = must(spnego.ParseResp(reply))(t)
	}
	if resp.State != spnego.AcceptIncomplete || done {
		t.Errorf("the answer with the challenge = %+v, %v", resp, done)
	}
	third := must(c.Authenticate(resp.Token, nil))(t)
	reply, done, err = a.Step(must((&spnego.Resp{State: spnego.Absent, Token: third}).Marshal())(t))
	if err != nil {
		return nil, done, err
	}
	return must(spnego.ParseResp(reply))(t), done, nil
}

func sealsBothWays(t *testing.T, a *negotiate.Acceptor, c *ntlmssp.Client) {
	t.Helper()
	sealed, signature, err := c.SecuritySession().Wrap([]byte("up"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := a.Unseal(signature, sealed); err != nil || string(got) != "up" {
		t.Errorf("Unseal = %q, %v", got, err)
	}
	head, data, err := a.Seal([]byte("down"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.SecuritySession().Unwrap(data, head); err != nil || string(got) != "down" {
		t.Errorf("the client's Unwrap = %q, %v", got, err)
	}
}

func TestNTLMRaw(t *testing.T) {
	a, c := negotiate.New(config()), client(t)
	challenge, done, err := a.Step(must(c.Authenticate(nil, nil))(t))
	if err != nil || done {
		t.Fatalf("Step = %v, %v", done, err)
	}
	reply, done, err := a.Step(must(c.Authenticate(challenge, nil))(t))
	if err != nil || !done || reply != nil {
		t.Fatalf("Step = %x, %v, %v; want the end", reply, done, err)
	}
	if id := a.Identity(); id.Name() != `NORTHVALLEY\osiris` || id.Mechanism != "ntlm" || id.SPNEGO || !id.MIC {
		t.Errorf("Identity = %+v", id)
	}
	sealsBothWays(t, a, c)
}

func TestNTLMInSPNEGO(t *testing.T) {
	for name, eager := range map[string]bool{"with its first token": true, "asking first": false} {
		t.Run(name, func(t *testing.T) {
			a, c := negotiate.New(config()), client(t)
			resp, done, err := wrapped(t, a, c, [][]byte{spnego.NTLM}, eager)
			if err != nil || !done || resp.State != spnego.AcceptCompleted {
				t.Fatalf("Step = %+v, %v, %v", resp, done, err)
			}
			if id := a.Identity(); !id.SPNEGO || id.User != "osiris" {
				t.Errorf("Identity = %+v", id)
			}
			sealsBothWays(t, a, c)
		})
	}
}

func TestASecondChoiceMustBeSigned(t *testing.T) {
	a := negotiate.New(config())
	if resp, done, err := wrapped(t, a, client(t), [][]byte{spnego.Kerberos, spnego.NTLM}, true); !errors.Is(err, negotiate.ErrRefused) || done {
		t.Errorf("Step = %+v, %v, %v; want ErrRefused", resp, done, err)
	}
}

func TestWhatIsRefused(t *testing.T) {
	kerberosOnly := must((&spnego.Init{Mechanisms: [][]byte{spnego.Kerberos}, Token: []byte("x")}).Marshal())(t)
	first := must(client(t).Authenticate(nil, nil))(t)
	for name, tokens := range map[string][][]byte{
		"nothing":                     {nil},
		"letters":                     {[]byte("hello")},
		"a mechanism that is not":     {kerberosOnly},
		"an answer before a question": {must((&spnego.Resp{Token: first}).Marshal())(t)},
		"the first token twice":       {first, first},
		"a last token that is short":  {first, []byte("NTLMSSP\x00\x03\x00\x00\x00")},
	} {
		t.Run(name, func(t *testing.T) {
			a := negotiate.New(config())
			var err error
			for _, token := range tokens {
				_, _, err = a.Step(token)
			}
			if !errors.Is(err, negotiate.ErrRefused) || a.Done() {
				t.Errorf("Step = %v; want ErrRefused", err)
			}
			if _, _, err := a.Step(first); !errors.Is(err, negotiate.ErrRefused) {
				t.Errorf("Step after a refusal = %v; want ErrRefused", err)
			}
			if _, _, err := a.Seal(nil); !errors.Is(err, negotiate.ErrRefused) {
				t.Errorf("Seal after a refusal = %v; want ErrRefused", err)
			}
		})
	}
}

func FuzzStep(f *testing.F) {
	f.Add([]byte("NTLMSSP\x00\x01\x00\x00\x00\x37\x82\x08\xe2"), []byte("NTLMSSP\x00\x03\x00\x00\x00"))
	b, err := (&spnego.Init{Mechanisms: [][]byte{spnego.NTLM}}).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b, b)
	f.Fuzz(func(t *testing.T, first, second []byte) {
		a := negotiate.New(config())
		for _, token := range [][]byte{first, second} {
			if _, done, err := a.Step(token); done || (err != nil && !errors.Is(err, negotiate.ErrRefused)) {
				t.Fatalf("Step(%x) = %v, %v", token, done, err)
			}
		}
	})
}
