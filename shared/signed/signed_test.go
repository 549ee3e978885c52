package signed_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/osiriscare/osiris/shared/signed"
)

var update = flag.Bool("update", false, "rewrite testdata/vectors.json")

// vector is one signature that any implementation must reproduce.
type vector struct {
	Name      string         `json:"name"`
	Context   signed.Context `json:"context"`
	Seed      string         `json:"seed"`
	Public    string         `json:"public"`
	KeyID     string         `json:"key_id"`
	Payload   string         `json:"payload"`
	Message   string         `json:"message"`
	Signature string         `json:"signature"`
}

func key(t *testing.T, fill byte) *signed.Key {
	t.Helper()
	k, err := signed.NewKey(bytes.Repeat([]byte{fill}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestVectors(t *testing.T) {
	var made []vector
	for _, c := range []struct {
		name    string
		context signed.Context
		fill    byte
		payload string
	}{
		{"an empty payload", signed.Trust, 1, ""},
		{"a bundle", signed.Bundle, 2, `{"version":"1.0"}`},
		{"a command", signed.Command, 3, "\x00\x01\x02"},
	} {
		k := key(t, c.fill)
		made = append(made, vector{
			Name: c.name, Context: c.context,
			Seed: hex.EncodeToString(k.Seed()), Public: hex.EncodeToString(k.Public()), KeyID: k.ID().String(),
			Payload:   hex.EncodeToString([]byte(c.payload)),
			Message:   hex.EncodeToString(signed.Message(c.context, k.Public(), []byte(c.payload))),
			Signature: hex.EncodeToString(k.Sign(c.context, []byte(c.payload))),
		})
	}
	got, err := json.MarshalIndent(made, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("testdata", "vectors.json")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("vectors differ from %s:\n%s", path, got)
	}
}

func TestOpenRefusesEverythingButTheSameContextKeyAndBytes(t *testing.T) {
	k, other := key(t, 7), key(t, 8)
	good := k.Seal(signed.Policy, []byte("payload"))
	if got, err := good.Open(signed.Policy, k.Public()); err != nil || string(got) != "payload" {
		t.Fatalf("Open of an untouched envelope = %q, %v; want the payload", got, err)
	}
	flip := func(b []byte, i int) []byte {
		c := bytes.Clone(b)
		c[i] ^= 1
		return c
	}
	for _, c := range []struct {
		name     string
		envelope signed.Envelope
		context  signed.Context
		pub      ed25519.PublicKey
		want     error
	}{
		{"another context", good, signed.Command, k.Public(), signed.ErrSignature},
		{"another key asked for", good, signed.Policy, other.Public(), signed.ErrKey},
		{"a flipped payload bit", signed.Envelope{Payload: flip(good.Payload, 0), KeyID: good.KeyID, Signature: good.Signature}, signed.Policy, k.Public(), signed.ErrSignature},
		{"a flipped signature bit", signed.Envelope{Payload: good.Payload, KeyID: good.KeyID, Signature: flip(good.Signature, 63)}, signed.Policy, k.Public(), signed.ErrSignature},
		{"another key's id", signed.Envelope{Payload: good.Payload, KeyID: other.ID(), Signature: good.Signature}, signed.Policy, k.Public(), signed.ErrKey},
		{"a short signature", signed.Envelope{Payload: good.Payload, KeyID: good.KeyID, Signature: good.Signature[:63]}, signed.Policy, k.Public(), signed.ErrMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := c.envelope.Open(c.context, c.pub); !errors.Is(err, c.want) || got != nil {
				t.Errorf("Open = %q, %v; want nil, %v", got, err, c.want)
			}
		})
	}
}

func TestContextAndPayloadCannotTradeBytes(t *testing.T) {
	k := key(t, 9)
	a := signed.Message("osiris/a", k.Public(), []byte("b"))
	b := signed.Message("osiris/a\x00", k.Public(), []byte("b"))
	if bytes.Equal(a, b) {
		t.Error("two contexts gave one message")
	}
	for _, c := range []signed.Context{signed.Delegation, signed.Trust, signed.Policy, signed.Decision, signed.Command, signed.Bundle, signed.Rotation} {
		if bytes.IndexByte([]byte(c), 0) >= 0 {
			t.Errorf("context %q holds a NUL, which ends a context", c)
		}
	}
}

func TestLoadOrCreateKeepsTheKeyAndItsMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	first, err := signed.LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	second, err := signed.LoadOrCreate(path)
	if err != nil || second.ID() != first.ID() {
		t.Errorf("second LoadOrCreate = %v, %v; want %v", second, err, first)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v; want 0600", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := signed.LoadOrCreate(path); err == nil {
		t.Error("LoadOrCreate took a seed of four bytes")
	}
}

func TestKeyNeverPrintsItsSecret(t *testing.T) {
	k := key(t, 5)
	if s := k.String(); bytes.Contains([]byte(s), []byte(hex.EncodeToString(k.Seed()))) {
		t.Errorf("String() = %q shows the seed", s)
	}
}

func FuzzParseKeyID(f *testing.F) {
	f.Add("")
	f.Add("ab")
	f.Add(signed.KeyID{1}.String())
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := signed.ParseKeyID(s); err == nil && id.String() != s {
			t.Errorf("ParseKeyID(%q).String() = %q", s, id)
		}
	})
}
