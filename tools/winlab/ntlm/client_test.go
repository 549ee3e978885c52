package ntlm_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/bodgit/ntlmssp"

	"github.com/osiriscare/osiris/tools/winlab/ntlm"
)

func config() ntlm.Config {
	return ntlm.Config{
		NetBIOSDomain: "NORTHVALLEY", NetBIOSComputer: "WS01",
		DNSDomain: "northvalley.example", DNSComputer: "ws01.northvalley.example",
		NTHash: func(_, user string) ([16]byte, bool) {
			return ntlm.NTHash("Pa55-wörd"), strings.EqualFold(user, "osiris")
		},
	}
}

// handshake lets an independent client log on.
func handshake(t *testing.T, cfg ntlm.Config, password string, bindings *ntlmssp.ChannelBindings) (*ntlmssp.Client, *ntlm.Acceptor, ntlm.Identity, error) {
	t.Helper()
	client, err := ntlmssp.NewClient(ntlmssp.SetUserInfo("osiris", password), ntlmssp.SetDomain("NORTHVALLEY"),
		ntlmssp.SetVersion(ntlmssp.DefaultVersion()))
	if err != nil {
		t.Fatal(err)
	}
	first, err := client.Authenticate(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := ntlm.NewAcceptor(cfg)
	challenge, err := a.Challenge(first)
	if err != nil {
		t.Fatal(err)
	}
	third, err := client.Authenticate(challenge, bindings)
	if err != nil {
		t.Fatal(err)
	}
	id, err := a.Authenticate(third)
	return client, a, id, err
}

func TestAnIndependentClientSealsBothWays(t *testing.T) {
	cfg := config()
	cfg.RequireMIC = true
	client, a, id, err := handshake(t, cfg, "Pa55-wörd", nil)
	if err != nil {
		t.Fatal(err)
	}
	if id.User != "osiris" || id.Domain != "NORTHVALLEY" || !id.MIC {
		t.Errorf("Authenticate = %+v", id)
	}
	for i := range 40 {
		plain := bytes.Repeat([]byte{byte(i)}, i*97)
		sealed, signature, err := client.SecuritySession().Wrap(plain)
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.Session().Unseal(signature, sealed)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("Unseal of message %d = %d bytes, %v", i, len(got), err)
		}
		signature, sealed = a.Session().Seal(plain)
		got, err = client.SecuritySession().Unwrap(sealed, signature)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("the client's Unwrap of message %d = %d bytes, %v", i, len(got), err)
		}
	}
}

func TestAWrongPasswordIsRefused(t *testing.T) {
	if _, _, _, err := handshake(t, config(), "password", nil); !errors.Is(err, ntlm.ErrLogon) {
		t.Errorf("Authenticate = %v; want ErrLogon", err)
	}
}

func TestChannelBindings(t *testing.T) {
	hash := bytes.Repeat([]byte{7}, 32)
	bound := func(h []byte) *ntlmssp.ChannelBindings {
		return &ntlmssp.ChannelBindings{ApplicationData: append([]byte("tls-server-end-point:"), h...)}
	}
	for name, c := range map[string]struct {
		binding ntlm.Binding
		client  *ntlmssp.ChannelBindings
		refused bool
	}{
		"relaxed takes the right ones":         {ntlm.BindingRelaxed, bound(hash), false},
		"relaxed takes none":                   {ntlm.BindingRelaxed, nil, false},
		"relaxed refuses those of another":     {ntlm.BindingRelaxed, bound([]byte("other")), true},
		"strict takes the right ones":          {ntlm.BindingStrict, bound(hash), false},
		"strict refuses none":                  {ntlm.BindingStrict, nil, true},
		"strict refuses those of another":      {ntlm.BindingStrict, bound([]byte("other")), true},
		"switched off takes those of another":  {ntlm.BindingNone, bound([]byte("other")), false},
		"switched off takes the right and all": {ntlm.BindingNone, bound(hash), false},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config()
			cfg.Binding, cfg.ChannelBindings = c.binding, ntlm.EndpointBindings(hash)
			_, _, _, err := handshake(t, cfg, "Pa55-wörd", c.client)
			if errors.Is(err, ntlm.ErrLogon) != c.refused || (err != nil && !c.refused) {
				t.Errorf("Authenticate = %v; refused should be %v", err, c.refused)
			}
		})
	}
}

func TestSealedMessagesAreRefusedOutOfTheirTurn(t *testing.T) {
	for name, spoil := range map[string]func(signature, sealed []byte) ([]byte, []byte){
		"a changed byte":      func(g, s []byte) ([]byte, []byte) { s[0] ^= 1; return g, s },
		"a changed signature": func(g, s []byte) ([]byte, []byte) { g[5] ^= 1; return g, s },
		"another number":      func(g, s []byte) ([]byte, []byte) { g[12]++; return g, s },
		"half a signature":    func(g, s []byte) ([]byte, []byte) { return g[:8], s },
		"less":                func(g, s []byte) ([]byte, []byte) { return g, s[1:] },
	} {
		t.Run(name, func(t *testing.T) {
			client, a, _, err := handshake(t, config(), "Pa55-wörd", nil)
			if err != nil {
				t.Fatal(err)
			}
			sealed, signature, err := client.SecuritySession().Wrap([]byte("message"))
			if err != nil {
				t.Fatal(err)
			}
			signature, sealed = spoil(signature, sealed)
			if got, err := a.Session().Unseal(signature, sealed); !errors.Is(err, ntlm.ErrSeal) {
				t.Errorf("Unseal = %q, %v; want ErrSeal", got, err)
			}
		})
	}
}
