package ssh

import (
	"crypto/ed25519"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"
)

func TestAnotherSpellingOfAHostHasTheSamePin(t *testing.T) {
	k := NewKnownHosts(filepath.Join(t.TempDir(), "known_hosts"))
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Pin(t.Context(), Endpoint{Host: "srv01.clinic.lan", Port: 22}.Address(), key.Marshal()); err != nil {
		t.Fatal(err)
	}
	for e, want := range map[Endpoint]bool{
		{Host: "SRV01.clinic.lan"}: true, {Host: "srv01.clinic.lan."}: true, {Host: "srv01.Clinic.lan.", Port: 22}: true,
		{Host: "srv01.clinic.lan", Port: 2222}: false, {Host: "srv01.clinic.lan.."}: false,
	} {
		known, err := k.Known(t.Context(), e.Address())
		if err != nil || (known != nil) != want {
			t.Errorf("the key of %s is known: %t, %v; want %t", e.Address(), known != nil, err, want)
		}
	}
}
