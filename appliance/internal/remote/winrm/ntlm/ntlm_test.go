package ntlm

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"testing"
	"time"
)

// The values of MS-NLMP 4.2.1 and 4.2.4.
var (
	vectorAccount = Account{Domain: "Domain", User: "User", Password: "Password"}
	vectorServer  = unhex("0123456789abcdef")
	vectorClient  = bytes.Repeat([]byte{0xaa}, 8)
	vectorKey     = bytes.Repeat([]byte{0x55}, 16)
	vectorInfo    = unhex("02000c0044006f006d00610069006e0001000c0053006500720076006500720000000000")
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func TestTheArithmeticIsThatOfTheSpecification(t *testing.T) {
	owf := responseKey(vectorAccount)
	nt, base := ntResponse(owf, vectorServer, vectorClient, make([]byte, 8), vectorInfo)
	key, err := crypt(base, vectorKey)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSession(vectorKey)
	if err != nil {
		t.Fatal(err)
	}
	sig, data, err := s.Seal(utf16le("Plaintext"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		got  []byte
		want string
	}{
		{"4.2.4.1.1 NTOWFv2", owf, "0c868a403bfd7a93a3001ef22ef02e3f"},
		{"4.2.4.1.2 session base key", base, "8de40ccadbc14a82f15cb0ad0de95ca3"},
		{"4.2.4.2.1 LMv2 response", lmResponse(owf, vectorServer, vectorClient, false), "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa"},
		{"4.2.4.2.2 NTLMv2 proof", nt[:16], "68cd0ab851e51c96aabc927bebef6a1c"},
		{"4.2.4.2.3 encrypted session key", key, "c5dad2544fc9799094ce1ce90bc9d03e"},
		{"4.2.4.4 sealing key", s.send.sealKey, "59f600973cc4960a25480a7c196e4c58"},
		{"4.2.4.4 signing key", s.send.signKey, "4788dc861b4782f35d43fd98fe1a2d39"},
		{"4.2.4.4 data", data, "54e50165bf1936dc996020c1811b0f06fb5f"},
		{"4.2.4.4 signature", sig, "010000007fb38ec5c55d497600000000"},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("%s = %s; want %s", c.name, got, c.want)
		}
	}
}

// testChallenge is a server's second message.
func testChallenge(flags uint32, info []byte) []byte {
	b := make([]byte, 56)
	copy(b, signature)
	b[8] = 2
	binary.LittleEndian.PutUint32(b[20:], flags)
	copy(b[24:], vectorServer)
	binary.LittleEndian.PutUint16(b[40:], uint16(len(info)))
	binary.LittleEndian.PutUint16(b[42:], uint16(len(info)))
	binary.LittleEndian.PutUint32(b[44:], 56)
	return append(b, info...)
}

func authenticate(t *testing.T, account Account, challenge []byte) ([]byte, *Client) {
	t.Helper()
	c := New(account)
	c.random = bytes.NewReader(append(append([]byte{}, vectorClient...), vectorKey...))
	c.now = func() time.Time { return time.Unix(0, 0) }
	c.Negotiate()
	m, err := c.Authenticate(challenge)
	if err != nil {
		t.Fatal(err)
	}
	return m, c
}

func TestTheAnswerNamesTheTargetAndBindsTheChannel(t *testing.T) {
	account := vectorAccount
	account.Target, account.Bindings = "HTTP/ws01", bytes.Repeat([]byte{7}, 16)
	challenge := testChallenge(requiredFlags|flag56, vectorInfo)
	m, c := authenticate(t, account, challenge)
	field := func(at int) []byte {
		size, off := binary.LittleEndian.Uint16(m[at:]), binary.LittleEndian.Uint32(m[at+4:])
		return m[off : off+uint32(size)]
	}
	pairs, err := parsePairs(field(20)[44:])
	if err != nil {
		t.Fatal(err)
	}
	got := map[uint16][]byte{}
	for _, p := range pairs {
		got[p.id] = p.value
	}
	if !bytes.Equal(got[avTarget], utf16le("HTTP/ws01")) || !bytes.Equal(got[avBindings], account.Bindings) || got[avFlags][0] != avFlagMIC {
		t.Errorf("target information = %v; want target, bindings and the integrity flag", got)
	}
	if !bytes.Equal(field(36), utf16le("User")) || !bytes.Equal(field(28), utf16le("Domain")) {
		t.Errorf("user = %x, domain = %x", field(36), field(28))
	}
	zeroed := append([]byte{}, m...)
	copy(zeroed[micOffset:payloadOffset], make([]byte, 16))
	if want := keyed(vectorKey, c.negotiate, challenge, zeroed); !bytes.Equal(m[micOffset:payloadOffset], want) {
		t.Errorf("integrity code = %x; want %x", m[micOffset:payloadOffset], want)
	}
}

func TestAnIntegrityCodeReplacesLMOnceTheServerTellsItsTime(t *testing.T) {
	info := append(unhex("070008000102030405060708"), vectorInfo...)
	m, _ := authenticate(t, vectorAccount, testChallenge(requiredFlags, info))
	off := binary.LittleEndian.Uint32(m[16:])
	if lm := m[off : off+24]; !bytes.Equal(lm, make([]byte, 24)) {
		t.Errorf("lm response = %x; want zeros", lm)
	}
}

func TestAServerCannotTalkTheClientDown(t *testing.T) {
	for name, flag := range map[string]uint32{
		"no sealing": flagSeal, "no signing": flagSign, "40-bit keys": flag128, "no key exchange": flagExchange,
		"no extended security": flagExtended, "no target information": flagTargetInfo, "no unicode": flagUnicode,
	} {
		t.Run(name, func(t *testing.T) {
			c := New(vectorAccount)
			c.Negotiate()
			if _, err := c.Authenticate(testChallenge(requiredFlags&^flag, vectorInfo)); !errors.Is(err, ErrWeak) {
				t.Errorf("Authenticate = %v; want %v", err, ErrWeak)
			}
			if c.Session() != nil {
				t.Error("a session was made")
			}
		})
	}
}

// peer is the other end of c's session.
func peer(t *testing.T, exported []byte) *Session {
	t.Helper()
	s, err := newSession(exported)
	if err != nil {
		t.Fatal(err)
	}
	s.send, s.receive = s.receive, s.send
	return s
}

func TestSealedMessagesOpenInOrderOnly(t *testing.T) {
	client, err := newSession(vectorKey)
	if err != nil {
		t.Fatal(err)
	}
	server := peer(t, vectorKey)
	for _, text := range []string{"first", "", "third"} {
		h, d, err := client.Seal([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := server.Unseal(h, d); err != nil || string(got) != text {
			t.Fatalf("Unseal = %q, %v; want %q", got, err, text)
		}
	}
	h, d, err := client.Seal([]byte("fourth"))
	if err != nil {
		t.Fatal(err)
	}
	d[0] ^= 1
	if _, err := server.Unseal(h, d); !errors.Is(err, ErrSeal) {
		t.Errorf("Unseal of an altered message = %v; want %v", err, ErrSeal)
	}
	h, d, err = client.Seal([]byte("fifth"))
	if err != nil {
		t.Fatal(err)
	}
	fresh := peer(t, vectorKey)
	if _, err := fresh.Unseal(h, d); !errors.Is(err, ErrSeal) {
		t.Errorf("Unseal of a later message = %v; want %v", err, ErrSeal)
	}
	if _, err := fresh.Unseal(h[:8], d); !errors.Is(err, ErrSeal) {
		t.Errorf("Unseal with half a signature = %v; want %v", err, ErrSeal)
	}
}

func FuzzChallenge(f *testing.F) {
	f.Add(testChallenge(requiredFlags, vectorInfo))
	f.Add(testChallenge(requiredFlags, unhex("07000800010203040506070800000000")))
	f.Add(testChallenge(requiredFlags, unhex("ffff")))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := New(vectorAccount)
		c.Negotiate()
		m, err := c.Authenticate(b)
		if err != nil {
			if !errors.Is(err, ErrChallenge) && !errors.Is(err, ErrWeak) {
				t.Errorf("Authenticate = %v; want one of the two errors", err)
			}
			return
		}
		if c.Session() == nil || len(m) < payloadOffset {
			t.Errorf("Authenticate gave %d bytes and session %v", len(m), c.Session())
		}
	})
}
