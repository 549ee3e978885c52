package identity_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
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

func open(t testing.TB, folder string, a *fakeappliance.Appliance) *identity.Identity {
	t.Helper()
	i, err := identity.Open(folder)
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

func dial(t testing.TB, i *identity.Identity, a *fakeappliance.Appliance, e identity.Expect) (*grpcwire.Conn, identity.Peer, error) {
	t.Helper()
	if e.Now.IsZero() {
		e.Now = time.Now()
	}
	var peer identity.Peer
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c, err := grpcwire.Dial(ctx, grpcwire.Config{Addr: a.Addr(), TLS: i.Config(e, &peer)})
	if err == nil {
		t.Cleanup(func() { c.Close() }) //nolint:errcheck // it always answers nil
	}
	return c, peer, err
}

func enrol(t testing.TB, i *identity.Identity, a *fakeappliance.Appliance) {
	t.Helper()
	c, _, err := dial(t, i, a, identity.Expect{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.Register(context.Background(), c, fakeappliance.Token, &wire.HostFacts{Hostname: "ws01"}); err != nil {
		t.Fatal(err)
	}
}

func TestEnrolmentGivesAnIdentityThatLasts(t *testing.T) {
	a, folder := fakeappliance.New(t), t.TempDir()
	i := open(t, folder, a)
	if i.Enrolled() || i.AgentID() != "" {
		t.Error("it is enrolled before it was")
	}
	enrol(t, i, a)
	for name, i := range map[string]*identity.Identity{"at once": i, "after a restart": open(t, folder, a)} {
		if i.AgentID() != fakeappliance.AgentID || i.SiteID() != fakeappliance.SiteID {
			t.Errorf("%s: it is %q of %q", name, i.AgentID(), i.SiteID())
		}
		if due, expired := i.RenewalDue(time.Now().UnixMilli()); due || expired {
			t.Errorf("%s: renewal is due (%v) or too late (%v)", name, due, expired)
		}
	}
	for _, name := range []string{"device.key", "certificate.der", "pin"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || (info.Mode().Perm() != 0o600 && os.PathSeparator == '/') {
			t.Errorf("%s has mode %v (%v); want 0600", name, info.Mode(), err)
		}
	}
	if info, err := os.Stat(filepath.Join(folder, "device.key")); err != nil || info.Size() != 32 {
		t.Errorf("the key has %d bytes (%v); want 32", info.Size(), err)
	}
}

func TestAWrongTokenIsToldByTheAppliance(t *testing.T) {
	a := fakeappliance.New(t)
	i := open(t, t.TempDir(), a)
	c, _, err := dial(t, i, a, identity.Expect{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = i.Register(context.Background(), c, "osiris-at1-wrong", &wire.HostFacts{})
	if grpcwire.Code(err) != grpcwire.PermissionDenied || i.Enrolled() {
		t.Errorf("Register = %v; want permission denied", err)
	}
}

func TestACertificateIsRenewed(t *testing.T) {
	a, folder := fakeappliance.New(t), t.TempDir()
	i := open(t, folder, a)
	enrol(t, i, a)
	before, err := os.ReadFile(filepath.Join(folder, "certificate.der"))
	if err != nil {
		t.Fatal(err)
	}
	if due, expired := i.RenewalDue(time.Now().Add(16 * 24 * time.Hour).UnixMilli()); !due || expired {
		t.Errorf("past half life: due %v, expired %v", due, expired)
	}
	if due, expired := i.RenewalDue(time.Now().Add(31 * 24 * time.Hour).UnixMilli()); !due || !expired {
		t.Errorf("past its end: due %v, expired %v", due, expired)
	}
	c, _, err := dial(t, i, a, identity.Expect{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.Renew(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(filepath.Join(folder, "certificate.der"))
	if err != nil || bytes.Equal(before, after) {
		t.Errorf("the certificate is the same (%v)", err)
	}
	if open(t, folder, a).AgentID() != fakeappliance.AgentID {
		t.Error("the renewed identity does not read back")
	}
}

func TestOnlyThisSitesApplianceIsBelieved(t *testing.T) {
	day := 24 * time.Hour
	wrongRoot := sha256.Sum256([]byte("another root"))
	for _, c := range []struct {
		name    string
		prepare func(a *fakeappliance.Appliance)
		expect  identity.Expect
		suspect bool
		refused bool
	}{
		{name: "a good appliance"},
		{name: "a root that the document withdrew", expect: identity.Expect{Roots: [][sha256.Size]byte{wrongRoot}}, refused: true},
		{name: "another site's name", prepare: func(a *fakeappliance.Appliance) {
			a.ServerName(t, "appliance.s_other.osiris.internal")
		}, refused: true},
		{name: "an agent's name", prepare: func(a *fakeappliance.Appliance) {
			a.ServerName(t, "ag_x.agent."+fakeappliance.SiteID+".osiris.internal")
		}, refused: true},
		{name: "a name one level down", prepare: func(a *fakeappliance.Appliance) {
			a.ServerName(t, "appliance.x."+fakeappliance.SiteID+".osiris.internal")
		}, refused: true},
		{name: "the name that was configured", prepare: func(a *fakeappliance.Appliance) {
			a.ServerName(t, "box."+fakeappliance.SiteID+".osiris.internal")
		}, expect: identity.Expect{Name: "box." + fakeappliance.SiteID + ".osiris.internal"}},
		{name: "another name than was configured", expect: identity.Expect{Name: "box." + fakeappliance.SiteID + ".osiris.internal"}, refused: true},
		{name: "an expired certificate means a doubtful clock", prepare: func(a *fakeappliance.Appliance) {
			a.ServerFrom, a.ServerTo = time.Now().Add(-20*time.Hour), time.Now().Add(-10*time.Hour)
			a.NewServerCertificate(t)
		}, suspect: true},
		{name: "a certificate of the future means a doubtful clock", prepare: func(a *fakeappliance.Appliance) {
			a.ServerFrom, a.ServerTo = time.Now().Add(day), time.Now().Add(8*day)
			a.NewServerCertificate(t)
		}, suspect: true},
		{name: "our clock years ahead", expect: identity.Expect{Now: time.Now().Add(5 * 365 * day)}, suspect: true},
		{name: "our clock years behind", expect: identity.Expect{Now: time.Now().Add(-5 * 365 * day)}, suspect: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := fakeappliance.New(t)
			i := open(t, t.TempDir(), a)
			enrol(t, i, a)
			if c.prepare != nil {
				c.prepare(a)
			}
			// Twice: a resumed session must be judged like the first.
			for range 2 {
				_, peer, err := dial(t, i, a, c.expect)
				if c.refused != (err != nil) || (err != nil && !errors.Is(err, identity.ErrPeer)) {
					t.Fatalf("the handshake ends with %v; want refused %v", err, c.refused)
				}
				if err == nil && peer.ClockSuspect != c.suspect {
					t.Errorf("clock suspect is %v; want %v", peer.ClockSuspect, c.suspect)
				}
			}
		})
	}
}

func TestAChainUnderAnotherRootIsRefused(t *testing.T) {
	a, other := fakeappliance.New(t), fakeappliance.New(t)
	i := open(t, t.TempDir(), a)
	if _, _, err := dial(t, i, other, identity.Expect{}); !errors.Is(err, identity.ErrPeer) {
		t.Errorf("the handshake ends with %v; want %v", err, identity.ErrPeer)
	}
	// The pinned root sent along does not help a chain that it did not sign.
	root := a.ServerCertificate().Certificate[2]
	forged := other.ServerCertificate()
	forged.Certificate = append(forged.Certificate, root)
	if _, _, err := dial(t, i, other, identity.Expect{}); !errors.Is(err, identity.ErrPeer) {
		t.Errorf("with the pinned root sent along: %v; want %v", err, identity.ErrPeer)
	}
}

func TestSessionsAreResumed(t *testing.T) {
	a := fakeappliance.New(t)
	i := open(t, t.TempDir(), a)
	enrol(t, i, a)
	for range 3 {
		c, _, err := dial(t, i, a, identity.Expect{})
		if err != nil {
			t.Fatal(err)
		}
		// A ticket arrives with the first data.
		if err := c.Ping(context.Background()); err != nil {
			t.Fatal(err)
		}
		c.Close() //nolint:errcheck // it always answers nil
	}
	a.Locked(func() {
		if a.Resumed() == 0 {
			t.Error("no handshake was resumed")
		}
	})
}

func TestThePinOfAnEnrolledMachineStays(t *testing.T) {
	a, folder := fakeappliance.New(t), t.TempDir()
	i := open(t, folder, a)
	enrol(t, i, a)
	other, err := identity.ParsePin(strings.Repeat("ab", 32), a.CentralRoot.ID().String(), a.Addr())
	if err != nil {
		t.Fatal(err)
	}
	if err := i.SetPin(other); err == nil {
		t.Error("an enrolled machine takes another root")
	}
	moved := *i.Pin()
	moved.Addr = "elsewhere:1"
	if err := i.SetPin(&moved); err != nil {
		t.Errorf("a new address is refused: %v", err)
	}
	if pin, err := identity.ReadPin(folder); err != nil || *pin != moved {
		t.Errorf("ReadPin = %v, %v; want %v", pin, err, moved)
	}
}

func TestDamagedFilesAreErrors(t *testing.T) {
	a := fakeappliance.New(t)
	for _, name := range []string{"device.key", "certificate.der", "pin"} {
		folder := t.TempDir()
		enrol(t, open(t, folder, a), a)
		for _, content := range []string{"", "x", strings.Repeat("\xff", 32)} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := identity.Open(folder); !errors.Is(err, identity.ErrDamaged) {
				t.Errorf("%s = %q gives %v; want %v", name, content, err, identity.ErrDamaged)
			}
		}
		if err := identity.SetAside(folder); err != nil {
			t.Fatal(err)
		}
		i, err := identity.Open(folder)
		if err != nil {
			t.Fatalf("%s set aside: Open = %v", name, err)
		}
		if i.Enrolled() || i.Pin() != nil {
			t.Errorf("%s set aside: enrolled %v, pin %v", name, i.Enrolled(), i.Pin())
		}
		if _, err := os.Stat(filepath.Join(folder, name+".damaged")); err != nil {
			t.Errorf("%s was not kept: %v", name, err)
		}
	}
}

func TestAFileThatCannotBeReadIsNoDamage(t *testing.T) {
	a := fakeappliance.New(t)
	for _, name := range []string{"device.key", "certificate.der", "pin"} {
		folder := t.TempDir()
		enrol(t, open(t, folder, a), a)
		path := filepath.Join(folder, name)
		if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil { // reading it is EISDIR
			t.Fatal(err)
		}
		if _, err := identity.Open(folder); err == nil || errors.Is(err, identity.ErrDamaged) {
			t.Errorf("%s that cannot be read gives %v; want an error that is no damage", name, err)
		}
	}
}

func TestACertificateForAnotherKeyIsRefused(t *testing.T) {
	a, one, two := fakeappliance.New(t), t.TempDir(), t.TempDir()
	enrol(t, open(t, one, a), a)
	enrol(t, open(t, two, a), a)
	content, err := os.ReadFile(filepath.Join(one, "certificate.der"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(two, "certificate.der"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := identity.Open(two); err == nil {
		t.Error("another machine's certificate is accepted")
	}
}

func TestAPeerWithoutACertificateOnlyRegisters(t *testing.T) {
	a := fakeappliance.New(t)
	config := open(t, t.TempDir(), a).Config(identity.Expect{Now: time.Now()}, &identity.Peer{})
	if len(config.Certificates) != 0 || config.MinVersion != tls.VersionTLS13 {
		t.Errorf("%d certificates, version %x", len(config.Certificates), config.MinVersion)
	}
}

func FuzzParsePin(f *testing.F) {
	good := hex.EncodeToString(make([]byte, 32))
	f.Add(good, good, "host:1")
	f.Fuzz(func(t *testing.T, site, central, addr string) {
		p, err := identity.ParsePin(site, central, addr)
		if err == nil && !strings.EqualFold(hex.EncodeToString(p.SiteRoot[:]), site) {
			t.Errorf("ParsePin(%q) = %x", site, p.SiteRoot)
		}
	})
}
