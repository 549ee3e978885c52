package ssh_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	gossh "golang.org/x/crypto/ssh"

	"github.com/osiriscare/osiris/appliance/internal/remote/ssh"
)

func TestAHostShowsItsKeyWithoutALogin(t *testing.T) {
	s := newServer(t, &server{})
	road := newRoad(t, ssh.Config{})
	var seen []string
	key, err := road.Shown(t.Context(), s.endpoint(), func(fingerprint string) bool {
		seen = append(seen, fingerprint)
		return true
	})
	if err != nil || len(seen) != 1 || ssh.Fingerprint(key) != seen[0] {
		t.Errorf("Shown = %s, %v after %v", ssh.Fingerprint(key), err, seen)
	}
	if key, err := road.Shown(t.Context(), s.endpoint(), func(string) bool { return false }); key != nil || err != nil {
		t.Errorf("Shown of a key that the host has not = %x, %v; want nothing", key, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.logins != 0 {
		t.Errorf("the host saw %d logins; want none", s.logins)
	}
}

func TestAHostThatCannotBeAskedShowsNothing(t *testing.T) {
	s := newServer(t, &server{})
	if err := s.listener.Close(); err != nil {
		t.Fatal(err)
	}
	road := newRoad(t, ssh.Config{})
	for name, c := range map[string]struct {
		e    ssh.Endpoint
		want error
	}{"one that is gone": {s.endpoint(), ssh.ErrUnreachable}, "one without a name": {ssh.Endpoint{Host: "a b"}, ssh.ErrInvalid}} {
		if key, err := road.Shown(t.Context(), c.e, func(string) bool { return true }); key != nil || !errors.Is(err, c.want) {
			t.Errorf("Shown of %s = %x, %v; want %v", name, key, err, c.want)
		}
	}
}

func TestAPinIsReplacedAtOnce(t *testing.T) {
	k := ssh.NewKnownHosts(filepath.Join(t.TempDir(), "known_hosts"))
	first, second, other := newSigner(t).PublicKey(), newSigner(t).PublicKey(), newSigner(t).PublicKey()
	for address, key := range map[string]gossh.PublicKey{"a.example:22": first, "b.example:22": other} {
		if err := k.Pin(t.Context(), address, key.Marshal()); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := k.Replace(t.Context(), "a.example:22", second.Marshal()); err != nil {
			t.Fatal(err)
		}
	}
	for address, want := range map[string]gossh.PublicKey{"a.example:22": second, "b.example:22": other} {
		if got, err := k.Known(t.Context(), address); err != nil || !bytes.Equal(got, want.Marshal()) {
			t.Errorf("Known(%s) = %s, %v; want %s", address, ssh.Fingerprint(got), err, gossh.FingerprintSHA256(want))
		}
	}
	if err := k.Replace(t.Context(), "a.example:22", []byte("no key")); err == nil {
		t.Error("what is no key was pinned")
	}
	if ssh.Fingerprint([]byte("no key")) != "" {
		t.Error("what is no key has a fingerprint")
	}
}
