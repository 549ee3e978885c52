package ntlm

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"
)

// unhex reads hexadecimal with spaces.
func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatalf("decoding %q: %v", s, err)
	}
	return b
}

// The values of [MS-NLMP] 4.2.1 and 4.2.4: user User, domain Domain, password
// Password.
const (
	vectorChallenge = `4e544c4d53535000 02000000 0c000c00 38000000 33828ae2 0123456789abcdef 0000000000000000
		24002400 44000000 060070170000000f 530065007200760065007200
		02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000`
	vectorAuthenticate = `4e544c4d53535000 03000000 1800 1800 6c000000 5400 5400 84000000 0c00 0c00 48000000
		0800 0800 54000000 1000 1000 5c000000 1000 1000 d8000000 358288e2 0501280a0000000f
		44006f006d00610069006e00 5500730065007200 43004f004d0050005500540045005200
		86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa
		68cd0ab851e51c96aabc927bebef6a1c 0101000000000000 0000000000000000 aaaaaaaaaaaaaaaa 00000000
		02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000 00000000
		c5dad2544fc9799094ce1ce90bc9d03e`
)

func vectorAcceptor(t *testing.T) *Acceptor {
	t.Helper()
	a := NewAcceptor(Config{
		NetBIOSDomain: "Domain", NetBIOSComputer: "Server",
		NTHash: func(domain, user string) ([16]byte, bool) {
			return NTHash("Password"), strings.EqualFold(user, "User") && domain == "Domain"
		},
		Now: func() time.Time { return time.Unix(0, 0) },
	})
	copy(a.server[:], unhex(t, "0123456789abcdef"))
	a.flags = 0xe28a8233
	a.challenge = unhex(t, vectorChallenge)
	return a
}

func TestVectorsOfTheSpecification(t *testing.T) {
	hash := NTHash("Password")
	if got := hex.EncodeToString(hash[:]); got != "a4f49c406510bdcab6824ee7c30fd852" {
		t.Errorf("NTHash = %s", got)
	}
	if got := hex.EncodeToString(ntowfv2(hash, "User", "Domain")); got != "0c868a403bfd7a93a3001ef22ef02e3f" {
		t.Errorf("ntowfv2 = %s", got)
	}
	a := vectorAcceptor(t)
	id, err := a.Authenticate(unhex(t, vectorAuthenticate))
	if err != nil {
		t.Fatal(err)
	}
	if want := (Identity{Domain: "Domain", User: "User", Workstation: "COMPUTER"}); id != want {
		t.Errorf("Authenticate = %+v; want %+v", id, want)
	}
	receive := a.Session().receive
	if got := hex.EncodeToString(receive.signKey); got != "4788dc861b4782f35d43fd98fe1a2d39" {
		t.Errorf("client's signing key = %s", got)
	}
	if got := hex.EncodeToString(receive.sealKey); got != "59f600973cc4960a25480a7c196e4c58" {
		t.Errorf("client's sealing key = %s", got)
	}
	plain, err := a.Session().Unseal(unhex(t, "01000000 7fb38ec5c55d4976 00000000"), unhex(t, "54e50165bf1936dc996020c1811b0f06fb5f"))
	if err != nil || fromUTF16LE(plain) != "Plaintext" {
		t.Errorf("Unseal = %q, %v; want Plaintext", plain, err)
	}
}

func TestRefusedLogons(t *testing.T) {
	good := unhex(t, vectorAuthenticate)
	change := func(at int, to ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], to)
		return b
	}
	for name, c := range map[string]struct {
		message []byte
		want    error
	}{
		"another proof":                    {change(0x84, 0), ErrLogon},
		"another client challenge":         {change(0x84+32, 0), ErrLogon},
		"another user":                     {change(0x54, 'V'), ErrLogon},
		"another domain":                   {change(0x48, 'E'), ErrLogon},
		"NTLMv1":                           {change(20, 24, 0, 24, 0), ErrLogon},
		"nobody":                           {change(36, 0, 0, 0, 0), ErrLogon},
		"a response beyond the message":    {change(24, 0xff, 0xff), ErrMessage},
		"a response before the payload":    {change(24, 1, 0), ErrMessage},
		"an offset that wraps":             {change(24, 0xff, 0xff, 0xff, 0xff), ErrMessage},
		"a session key of 5 bytes":         {change(52, 5, 0, 5, 0), ErrMessage},
		"half a message":                   {good[:70], ErrMessage},
		"a NEGOTIATE in its place":         {change(8, 1), ErrMessage},
		"a response of another generation": {change(0x84+16, 2), ErrMessage},
	} {
		t.Run(name, func(t *testing.T) {
			a := vectorAcceptor(t)
			if _, err := a.Authenticate(c.message); !errors.Is(err, c.want) {
				t.Errorf("Authenticate = %v; want %v", err, c.want)
			}
			if a.Session() != nil {
				t.Error("a session was made all the same")
			}
		})
	}
}

func FuzzAuthenticate(f *testing.F) {
	good, err := hex.DecodeString(strings.Join(strings.Fields(vectorAuthenticate), ""))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:64])
	f.Fuzz(func(t *testing.T, b []byte) {
		id, err := vectorAcceptor(t).Authenticate(b)
		if err == nil && !strings.EqualFold(id.User, "User") {
			t.Errorf("Authenticate let %+v in", id)
		}
	})
}
