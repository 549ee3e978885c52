package identity_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
	"github.com/osiriscare/osiris/agent/internal/grpcwire"
	"github.com/osiriscare/osiris/agent/internal/identity"
	"github.com/osiriscare/osiris/agent/internal/wire"
)

// lossy is a connection whose answers are lost, as by a crash at the wrong time.
type lossy struct {
	*grpcwire.Conn
	asked [][]byte // public keys of the requests
}

func (l *lossy) Invoke(ctx context.Context, method string, request []byte, md ...grpcwire.Header) ([]byte, error) {
	var r wire.RenewRequest
	if err := wire.Decode(request, &r); err != nil {
		return nil, err
	}
	l.asked = append(l.asked, r.PublicKey)
	_, err := l.Conn.Invoke(ctx, method, request, md...)
	return nil, errors.Join(err, errors.New("the answer is lost"))
}

func read(t *testing.T, folder, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestARenewalIsForANewKeyAndARepeatedOneForTheSame(t *testing.T) {
	a, folder := fakeappliance.New(t), t.TempDir()
	i := open(t, folder, a)
	enrol(t, i, a)
	first := read(t, folder, "device.key")
	c, _, err := dial(t, i, a, identity.Expect{})
	if err != nil {
		t.Fatal(err)
	}
	lost := &lossy{Conn: c}
	for range 2 {
		if _, err := i.Renew(context.Background(), lost); err == nil {
			t.Fatal("Renew without an answer = nil; want an error")
		}
		i = open(t, folder, a) // a restart in between changes nothing
	}
	if !bytes.Equal(lost.asked[0], lost.asked[1]) {
		t.Error("a repeated request has another key; the appliance would take it for a clone's")
	}
	if !bytes.Equal(read(t, folder, "device.key"), first) {
		t.Error("the key changed before its certificate was there")
	}
	if _, err := i.Renew(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(read(t, folder, "device.key"), first) {
		t.Error("the renewal is for the former key; a clone would not be noticed")
	}
	if _, err := os.Stat(filepath.Join(folder, "device.key.next")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the key of the renewal still waits: %v", err)
	}
	for name, i := range map[string]*identity.Identity{"at once": i, "after a restart": open(t, folder, a)} {
		c, _, err := dial(t, i, a, identity.Expect{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := i.Renew(context.Background(), c); err != nil {
			t.Errorf("%s: Renew with the new key = %v", name, err)
		}
	}
}

func TestACrashBetweenTheCertificateAndItsKeyIsMended(t *testing.T) {
	a, folder := fakeappliance.New(t), t.TempDir()
	i := open(t, folder, a)
	enrol(t, i, a)
	former := read(t, folder, "device.key")
	c, _, err := dial(t, i, a, identity.Expect{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.Renew(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	// The state right after the certificate was written.
	next := read(t, folder, "device.key")
	for name, content := range map[string][]byte{"device.key": former, "device.key.next": next} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if open(t, folder, a).AgentID() != fakeappliance.AgentID || !bytes.Equal(read(t, folder, "device.key"), next) {
		t.Error("the key of the finished renewal was not taken")
	}
}

// TestWithTwoLiveRootsEitherCountsAndThenTheNewOneAlone is a change of the site
// root: the document names both for a while, then the new one.
func TestWithTwoLiveRootsEitherCountsAndThenTheNewOneAlone(t *testing.T) {
	former, next := fakeappliance.New(t), fakeappliance.New(t)
	i := open(t, t.TempDir(), former)
	enrol(t, i, former)
	root := func(a *fakeappliance.Appliance) [sha256.Size]byte {
		pin, err := identity.ParsePin(a.SiteRoot(), a.CentralRoot.ID().String(), "")
		if err != nil {
			t.Fatal(err)
		}
		return pin.SiteRoot
	}
	both := identity.Expect{Roots: [][sha256.Size]byte{root(former), root(next)}}
	after := identity.Expect{Roots: [][sha256.Size]byte{root(next)}}
	for _, c := range []struct {
		name    string
		to      *fakeappliance.Appliance
		expect  identity.Expect
		refused bool
	}{
		{"the new root before anybody named it", next, identity.Expect{}, true},
		{"the former root while both live", former, both, false},
		{"the new root while both live", next, both, false},
		{"the new root alone", next, after, false},
		{"the former root, though it was the pin of enrolment", former, after, true},
	} {
		if _, _, err := dial(t, i, c.to, c.expect); c.refused != errors.Is(err, identity.ErrPeer) || !c.refused && err != nil {
			t.Errorf("%s: the handshake ends with %v; want refused %v", c.name, err, c.refused)
		}
	}
}
