package signature_test

import (
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/agent/internal/signature"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/signed"
	"github.com/osiriscare/osiris/shared/trust"
)

const expiry = 2_000_000

// fixture is a folder with the key that signs lists for it.
type fixture struct {
	t      *testing.T
	folder string
	key    *signed.Key
	nowMs  int64
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	key, err := signed.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{t: t, folder: t.TempDir(), key: key, nowMs: 1_000_000}
}

func (f *fixture) open() *signature.Signatures {
	return signature.New(f.folder, []ed25519.PublicKey{f.key.Public()}, func() int64 { return f.nowMs })
}

// list is a list with one product.
func list(version uint64) *trustv1.SignatureList {
	marks := &trustv1.ProductMarks{Services: []string{"fake"}, Paths: []string{"/opt/fake"}}
	return &trustv1.SignatureList{Version: version, ExpiresMs: expiry, Products: []*trustv1.ProductSignature{
		{Id: "fake", Name: "Fake", Windows: marks, Darwin: marks, Linux: marks},
	}}
}

// seal signs as whoever holds key would.
func seal(t *testing.T, key *signed.Key, c signed.Context, l *trustv1.SignatureList) []byte {
	t.Helper()
	payload, err := proto.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	e := key.Seal(c, payload)
	return encode(t, &trustv1.SignedEnvelope{Payload: e.Payload, KeyId: e.KeyID[:], Signature: e.Signature})
}

func encode(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestANewerListReplacesTheOldAndSurvivesARestart(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	if held, _ := s.Held(); held.Version != 0 || s.Version() != 0 {
		t.Fatalf("Held = %v before the first list", held)
	}
	for _, version := range []uint64{5, 6} {
		if changed, err := s.Apply(seal(t, f.key, signed.RMM, list(version))); !changed || err != nil {
			t.Fatalf("Apply(version %d) = %v, %v; want true, nil", version, changed, err)
		}
	}
	if changed, err := s.Apply(seal(t, f.key, signed.RMM, list(6))); changed || err != nil {
		t.Errorf("Apply of what is held = %v, %v; want false, nil", changed, err)
	}
	s = f.open()
	held, expired := s.Held()
	if held.Version != 6 || expired || held.Products[0].Marks[0][0] != "fake" {
		t.Errorf("after a restart Held = %+v, %v; want version 6", held, expired)
	}
	if info, err := os.Stat(filepath.Join(f.folder, "signatures.bin")); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v; want mode 0600", info.Mode(), err)
	}
}

func TestAnExpiredListIsNotTakenAndAHeldOneGoesOn(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	if _, err := s.Apply(seal(t, f.key, signed.RMM, list(5))); err != nil {
		t.Fatal(err)
	}
	f.nowMs = expiry
	if held, expired := s.Held(); held.Version != 5 || !expired {
		t.Errorf("Held at the expiry = %v, %v; want the list, expired", held, expired)
	}
	if changed, err := s.Apply(seal(t, f.key, signed.RMM, list(6))); changed || !errors.Is(err, trust.ErrExpired) {
		t.Errorf("Apply of an expired list = %v, %v; want ErrExpired", changed, err)
	}
	if s = f.open(); s.Version() != 5 {
		t.Errorf("an expired list did not survive a restart: version %d", s.Version())
	}
}

func TestWhatIsNotOursIsRefusedAndChangesNothing(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	if _, err := s.Apply(seal(t, f.key, signed.RMM, list(5))); err != nil {
		t.Fatal(err)
	}
	stranger, err := signed.Generate()
	if err != nil {
		t.Fatal(err)
	}
	var damaged trustv1.SignedEnvelope
	if err := proto.Unmarshal(seal(t, f.key, signed.RMM, list(6)), &damaged); err != nil {
		t.Fatal(err)
	}
	damaged.Payload[len(damaged.Payload)-1] ^= 1
	payload := encode(t, list(6))
	for _, c := range []struct {
		name     string
		envelope []byte
		want     error
	}{
		{"an older list", seal(t, f.key, signed.RMM, list(4)), trust.ErrOlder},
		{"a list by another key", seal(t, stranger, signed.RMM, list(6)), signed.ErrKey},
		{"a list signed in another context", seal(t, f.key, signed.Policy, list(6)), signed.ErrSignature},
		{"a changed list", encode(t, &damaged), signed.ErrSignature},
		{"a list without a signature", encode(t, &trustv1.SignedEnvelope{Payload: payload}), signed.ErrMalformed},
		{"a bare list", payload, nil},
		{"nothing", nil, signed.ErrMalformed},
		{"noise", []byte("\xff\xff\xff"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed, err := s.Apply(c.envelope)
			if changed || err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("Apply = %v, %v; want %v", changed, err, c.want)
			}
			if s.Version() != 5 || f.open().Version() != 5 {
				t.Errorf("version %d is held after a refusal; want 5", s.Version())
			}
		})
	}
}

func TestWithoutAKeyNothingIsTaken(t *testing.T) {
	f := newFixture(t)
	s := signature.New(f.folder, nil, func() int64 { return 0 })
	if changed, err := s.Apply(seal(t, f.key, signed.RMM, list(5))); changed || !errors.Is(err, signed.ErrKey) {
		t.Errorf("Apply = %v, %v; want ErrKey", changed, err)
	}
}

func TestADamagedFileIsNoListAndReplaced(t *testing.T) {
	f := newFixture(t)
	path := filepath.Join(f.folder, "signatures.bin")
	if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := f.open()
	if s.Version() != 0 {
		t.Errorf("version %d of a damaged file; want no list", s.Version())
	}
	if _, err := s.Apply(seal(t, f.key, signed.RMM, list(5))); err != nil {
		t.Errorf("Apply after the damage = %v", err)
	}
	if s = f.open(); s.Version() != 5 {
		t.Errorf("version %d after a restart; want 5", s.Version())
	}
}

// hostile are lists that are signed and must not be used.
func hostile() map[string]*trustv1.SignatureList {
	all := map[string]*trustv1.SignatureList{}
	with := func(name string, change func(l *trustv1.SignatureList, m *trustv1.ProductMarks)) {
		l := list(5)
		p := l.Products[0]
		change(l, p.Linux)
		p.Windows, p.Darwin = p.Linux, p.Linux
		all[name] = l
	}
	with("no version", func(l *trustv1.SignatureList, _ *trustv1.ProductMarks) { l.Version = 0 })
	with("too many products", func(l *trustv1.SignatureList, _ *trustv1.ProductMarks) {
		for range 256 {
			l.Products = append(l.Products, l.Products[0])
		}
	})
	with("too many bytes", func(l *trustv1.SignatureList, m *trustv1.ProductMarks) {
		m.Keys = []string{strings.Repeat("k", 128<<10)}
	})
	with("a long pattern", func(_ *trustv1.SignatureList, m *trustv1.ProductMarks) { m.Titles = []string{strings.Repeat("t", 201)} })
	with("an empty pattern", func(_ *trustv1.SignatureList, m *trustv1.ProductMarks) { m.Packages = []string{""} })
	with("three wildcards", func(_ *trustv1.SignatureList, m *trustv1.ProductMarks) { m.Processes = []string{"*a*b{id}"} })
	with("a product without an id", func(l *trustv1.SignatureList, _ *trustv1.ProductMarks) { l.Products[0].Id = "" })
	return all
}

func TestASignedListOutOfBoundsIsRefused(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	for name, l := range hostile() {
		t.Run(name, func(t *testing.T) {
			if changed, err := s.Apply(seal(t, f.key, signed.RMM, l)); changed || !errors.Is(err, signature.ErrBounds) {
				t.Errorf("Apply = %v, %v; want ErrBounds", changed, err)
			}
		})
	}
}
