package identity_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
	"github.com/osiriscare/osiris/agent/internal/grpcwire"
	"github.com/osiriscare/osiris/agent/internal/identity"
	"github.com/osiriscare/osiris/agent/internal/wire"
)

// anew begins another enrolment in the stead of what folder has.
func anew(t *testing.T, folder string, a *fakeappliance.Appliance) *identity.Identity {
	t.Helper()
	i, err := identity.Anew(folder)
	if err != nil {
		t.Fatal(err)
	}
	pin, err := identity.ParsePin(a.SiteRoot(), a.CentralRoot.ID().String(), a.Addr())
	if err != nil {
		t.Fatal(err)
	}
	if err := i.SetPin(pin); err != nil {
		t.Fatal(err)
	}
	return i
}

// files are what makes an identity.
func files(t *testing.T, folder string) string {
	return string(read(t, folder, "device.key")) + string(read(t, folder, "certificate.der")) + string(read(t, folder, "pin"))
}

func TestAnotherEnrolmentReplacesNothingUntilItIsAnswered(t *testing.T) {
	a, elsewhere, folder := fakeappliance.New(t), fakeappliance.New(t), t.TempDir()
	enrol(t, open(t, folder, a), a)
	before := files(t, folder)
	i := anew(t, folder, elsewhere)
	c, _, err := dial(t, i, elsewhere, identity.Expect{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.Register(context.Background(), c, "osiris-at1-used", &wire.HostFacts{}); grpcwire.Code(err) != grpcwire.PermissionDenied {
		t.Fatalf("Register with a used token = %v", err)
	}
	key := read(t, folder, "device.key.anew")
	if files(t, folder) != before || open(t, folder, a).AgentID() != fakeappliance.AgentID {
		t.Error("what was refused has changed the identity")
	}
	// The same key, so that the same token has the same answer; then all of it is new.
	i = anew(t, folder, elsewhere)
	enrol(t, i, elsewhere)
	if !bytes.Equal(read(t, folder, "device.key"), key) {
		t.Error("it enrolled with another key than the first time")
	}
	if pin, err := identity.ReadPin(folder); err != nil || pin.Addr != elsewhere.Addr() {
		t.Errorf("ReadPin = %v, %v; want the new appliance", pin, err)
	}
	if _, err := os.Stat(filepath.Join(folder, "device.key.anew")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the key still waits: %v", err)
	}
	if i = open(t, folder, elsewhere); !i.Enrolled() {
		t.Error("the new identity does not read back")
	}
}

func TestACrashBetweenTheCertificateAndTheKeyOfAnotherEnrolmentIsMended(t *testing.T) {
	a, folder := fakeappliance.New(t), t.TempDir()
	enrol(t, open(t, folder, a), a)
	former := read(t, folder, "device.key")
	enrol(t, anew(t, folder, a), a)
	next := read(t, folder, "device.key")
	for name, content := range map[string][]byte{"device.key": former, "device.key.anew": next, "device.key.next": []byte("x")} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if !open(t, folder, a).Enrolled() || !bytes.Equal(read(t, folder, "device.key"), next) {
		t.Error("the key of the other enrolment was not taken")
	}
}

// other answers a renewal with the certificate of another agent, for the same key.
type other struct{ *grpcwire.Conn }

func (o other) Invoke(ctx context.Context, method string, request []byte, md ...grpcwire.Header) ([]byte, error) {
	answer, err := o.Conn.Invoke(ctx, method, request, md...)
	if err != nil {
		return nil, err
	}
	var r wire.RenewRequest
	if err := wire.Decode(request, &r); err != nil {
		return nil, err
	}
	var renewed wire.RenewResponse
	if err := wire.Decode(answer, &renewed); err != nil {
		return nil, err
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), r.PublicKey)
	if err != nil {
		return nil, err
	}
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"ag_other.agent." + fakeappliance.SiteID + ".osiris.internal"},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
	}
	renewed.Certificate, err = x509.CreateCertificate(rand.Reader, template, template, public, signer)
	return wire.Encode(&renewed), err
}

func TestARenewalThatAnswersWithAnotherAgentsCertificateIsRefused(t *testing.T) {
	a, folder := fakeappliance.New(t), t.TempDir()
	i := open(t, folder, a)
	enrol(t, i, a)
	before := files(t, folder)
	c, _, err := dial(t, i, a, identity.Expect{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.Renew(context.Background(), other{c}); err == nil || !strings.Contains(err.Error(), "another agent") {
		t.Errorf("Renew = %v; want that it is another agent's", err)
	}
	if i.AgentID() != fakeappliance.AgentID || files(t, folder) != before {
		t.Error("another agent's certificate was taken")
	}
}
