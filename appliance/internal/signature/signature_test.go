package signature_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/appliance/internal/signature"
	"github.com/osiriscare/osiris/appliance/internal/store"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/catalog/rmm"
	"github.com/osiriscare/osiris/shared/signed"
	"github.com/osiriscare/osiris/shared/trust"
)

// place is an appliance's folder and the key that signs lists for it.
type place struct {
	t   *testing.T
	dir string
	key *signed.Key
}

func newPlace(t *testing.T) *place {
	t.Helper()
	key, err := signed.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return &place{t: t, dir: t.TempDir(), key: key}
}

func (p *place) file() string { return filepath.Join(p.dir, "signatures.bin") }

// open starts a holder; close it before the next.
func (p *place) open(keys ...ed25519.PublicKey) (*signature.Holder, func()) {
	p.t.Helper()
	st, err := store.Open(p.t.Context(), filepath.Join(p.dir, "state.db"), signature.Schema)
	if err != nil {
		p.t.Fatal(err)
	}
	h, err := signature.New(p.t.Context(), signature.Config{File: p.file(), Keys: keys}, st, slog.New(slog.DiscardHandler))
	if err != nil {
		p.t.Fatal(err)
	}
	return h, func() {
		if err := st.Close(); err != nil {
			p.t.Error(err)
		}
	}
}

// list is a sealed list that lives for an hour, or ended one ago.
func (p *place) list(version uint64, expired bool) []byte {
	p.t.Helper()
	expires := time.Now().Add(time.Hour)
	if expired {
		expires = time.Now().Add(-time.Hour)
	}
	return p.seal(p.key, &trustv1.SignatureList{Version: version, ExpiresMs: expires.UnixMilli(), Products: []*trustv1.ProductSignature{
		{Id: "fake", Name: "Fake", Linux: &trustv1.ProductMarks{Services: []string{"fake"}}},
	}})
}

func (p *place) seal(key *signed.Key, list *trustv1.SignatureList) []byte {
	p.t.Helper()
	e, err := rmm.Seal(key, list)
	if err != nil {
		p.t.Fatal(err)
	}
	body, err := proto.Marshal(e)
	if err != nil {
		p.t.Fatal(err)
	}
	return body
}

func TestTheNewestListIsKeptOverARestart(t *testing.T) {
	p := newPlace(t)
	h, stop := p.open(p.key.Public())
	if version, envelope := h.Current(); version != 0 || envelope != nil {
		t.Fatalf("Current = %d, %v before the first", version, envelope)
	}
	changed := h.Changed()
	if took, err := h.Offer(t.Context(), p.list(5, false)); !took || err != nil {
		t.Fatalf("Offer = %v, %v", took, err)
	}
	select {
	case <-changed:
	default:
		t.Error("nobody was told of the list")
	}
	if took, err := h.Offer(t.Context(), p.list(5, false)); took || err != nil {
		t.Errorf("Offer of what is held = %v, %v; want false, nil", took, err)
	}
	stop()
	h, stop = p.open(p.key.Public())
	if version, envelope := h.Current(); version != 5 || envelope == nil {
		t.Errorf("after a restart Current = %d, %v; want version 5", version, envelope)
	}
	if _, err := h.Offer(t.Context(), p.list(4, false)); !errors.Is(err, trust.ErrOlder) {
		t.Errorf("Offer of an older list after a restart = %v; want ErrOlder", err)
	}
	stop()
	h, stop = p.open() // a build without keys serves nothing that agents would refuse
	defer stop()
	if version, _ := h.Current(); version != 0 {
		t.Errorf("Current without keys = %d; want 0", version)
	}
}

func TestWhatMayNotBeServedIsRefused(t *testing.T) {
	p := newPlace(t)
	h, stop := p.open(p.key.Public())
	defer stop()
	stranger, err := signed.Generate()
	if err != nil {
		t.Fatal(err)
	}
	foreign := p.seal(stranger, &trustv1.SignatureList{Version: 9, ExpiresMs: 1 << 50})
	changed := p.list(9, false)
	changed[len(changed)-1] ^= 1
	for _, c := range []struct {
		name string
		body []byte
		want error
	}{
		{"an expired list", p.list(9, true), trust.ErrExpired},
		{"a list by another key", foreign, signed.ErrKey},
		{"a changed list", changed, signed.ErrSignature},
		{"nothing", nil, signed.ErrMalformed},
		{"noise", []byte("\xff\xff"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			took, err := h.Offer(t.Context(), c.body)
			if took || err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("Offer = %v, %v; want %v", took, err, c.want)
			}
			if version, _ := h.Current(); version != 0 {
				t.Errorf("Current = %d after a refusal", version)
			}
		})
	}
}

func TestTheFileIsTakenWhenItComesAndABadOneChangesNothing(t *testing.T) {
	p := newPlace(t)
	h, stop := p.open(p.key.Public())
	defer stop()
	write := func(body []byte) {
		if err := os.WriteFile(p.file(), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h.Look(t.Context()) // there is none yet
	changed := h.Changed()
	write(p.list(5, false))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	<-changed
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run = %v", err)
	}
	if version, _ := h.Current(); version != 5 {
		t.Fatalf("Current = %d; want the file's 5", version)
	}
	for name, body := range map[string][]byte{"half": p.list(6, false)[:20], "large": make([]byte, 1<<20), "older": p.list(4, false)} {
		write(body)
		h.Look(t.Context())
		if version, _ := h.Current(); version != 5 {
			t.Errorf("Current = %d after a %s file; want 5", version, name)
		}
	}
}
