package ssh_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	gossh "golang.org/x/crypto/ssh"

	"github.com/osiriscare/osiris/appliance/internal/remote/ssh"
)

func newKey(t testing.TB) ([]byte, gossh.PublicKey) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := gossh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	public, err := gossh.NewPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(block), public
}

func TestACredentialNeverPrintsItsSecrets(t *testing.T) {
	c := ssh.Credential{User: "osiris", Password: "hush", Key: []byte("hush"), Passphrase: "hush", SudoSecret: "hush"}
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "credential", c)
	if got := b.String() + fmt.Sprintf("%v %+v %#v %s", c, c, c, c); strings.Contains(got, "hush") || !strings.Contains(got, "osiris") {
		t.Errorf("it prints as %s", got)
	}
}

func TestUnusableCredentialsAreRefusedBeforeTheyTravel(t *testing.T) {
	short, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // it must be refused
	if err != nil {
		t.Fatal(err)
	}
	block, err := gossh.MarshalPrivateKey(short, "")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]ssh.Credential{
		"nobody":                  {Password: "x"},
		"no secret":               {User: "x"},
		"a password of two lines": {User: "x", Password: "x\ny"},
		"no key":                  {User: "x", Key: []byte("hush")},
		"a short key":             {User: "x", Key: pem.EncodeToMemory(block)},
		"an unknown sudo":         {User: "x", Password: "x", Sudo: "su"},
		"no password for sudo":    {User: "x", Key: []byte("hush"), Sudo: ssh.SudoPassword},
	} {
		_, err := newRoad(t, ssh.Config{}).Run(t.Context(), ssh.Endpoint{Host: "127.0.0.1", Port: 1}, c, ssh.Command{Line: "x"})
		if !errors.Is(err, ssh.ErrInvalid) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: Run = %v; want %v", name, err, ssh.ErrInvalid)
		}
	}
}
